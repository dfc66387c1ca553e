// Draws the Mandelbrot set by all the servers there are: in characters to the terminal, and in colours to the file that the argument names
// (PPM, 160 x 128). All calls are made at once; each server works through its own.
#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include <naming/locate.hpp>

#include "distributed_mandelbrot.hpp"

namespace {
/// One proxy for each server that offers `tag`.
template <class T> std::vector<engine::proxy<T>> servers(const char* tag) {
  std::vector<engine::proxy<T>> found;
  const auto listed = engine::locate_name_server().list(std::nullopt, std::nullopt, std::nullopt, std::vector<std::string>{tag});
  for (const auto& [name, uri] : listed) found.emplace_back(uri);
  std::cout << found.size() << " mandelbrot calculation servers found." << std::endl;
  if (found.empty()) throw engine::error("launch at least one mandelbrot calculation server before starting this");
  return found;
}

using line = std::pair<int, std::string>;

void draw_characters(std::vector<engine::proxy<Mandelbrot>> mandels) {
  constexpr int res_x = 100, res_y = 40;
  constexpr std::complex<double> start{-2.0, -1.0};
  constexpr double dr = 3.0 / res_x, di = dr * res_x / res_y * 0.8;
  std::vector<engine::future<line>> lines;
  for (int i = 0; i < res_y; ++i)
    lines.push_back(engine::async(mandels[static_cast<std::size_t>(i) % mandels.size()]).calc_line(start, res_x, i * di, dr, i));
  for (auto& one : lines) std::cout << one.get().second << '\n';
}

/// The colours of "{#rrggbb #rrggbb …}" as bytes.
std::string pixels(const std::string& photoimage) {
  std::string bytes;
  for (std::size_t at = 2; at + 6 <= photoimage.size(); at += 8) {
    for (std::size_t part = 0; part < 6; part += 2) bytes += static_cast<char>(std::stoi(photoimage.substr(at + part, 2), nullptr, 16));
  }
  return bytes;
}

void draw_colours(std::vector<engine::proxy<MandelbrotColorPixels>> mandels, const char* file) {
  constexpr int res_x = 160, res_y = 128;
  std::vector<engine::future<line>> lines;
  for (int y = 0; y < res_y; ++y)
    lines.push_back(engine::async(mandels[static_cast<std::size_t>(y) % mandels.size()]).calc_photoimage_line(y, res_x, res_y));
  std::ofstream out(file, std::ios::binary);
  out << "P6\n" << res_x << ' ' << res_y << "\n255\n";
  for (auto& one : lines) out << pixels(one.get().second);
}
}  // namespace

int main(int argc, char** argv) {
  draw_characters(servers<Mandelbrot>("class:mandelbrot_calc"));
  if (argc > 1) draw_colours(servers<MandelbrotColorPixels>("class:mandelbrot_calc_color"), argv[1]);
}
