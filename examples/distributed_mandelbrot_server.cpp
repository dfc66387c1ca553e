// Calculates lines of the Mandelbrot set. Start one per processor, each with a number of its own as argument; clients find them by the class
// in their metadata. The picture is a pure function, so the objects are shared: any core may call them.
#include "distributed_mandelbrot.hpp"

#include <array>
#include <iostream>
#include <set>

namespace {
constexpr int maxiters = 500;

/// How many steps z = z*z + c takes to leave the circle.
int iterations(std::complex<double> c, int most) {
  double zr = c.real(), zi = c.imag();
  for (int n = 0; n < most; ++n) {
    if (zr * zr + zi * zi > 4) return n;
    const double next = zr * zr - zi * zi + c.real();
    zi = 2 * zr * zi + c.imag();
    zr = next;
  }
  return most;
}

char character(std::complex<double> at) {
  const int n = iterations(at, maxiters);
  return n >= maxiters ? ' ' : static_cast<char>(n % 64 + 32);
}

std::array<int, 3> colour(int x, int y, double res_x, double res_y) {
  const int n = iterations({x / res_x - 0.5 - 0.3, (y / res_y - 0.5 - 0.9) * (res_y / res_x)}, maxiters + 1);
  if (n >= maxiters) return {0, 0, 0};
  return {(n + 32) % 255, n % 255, (n + 40) % 255};
}
}  // namespace

std::pair<int, std::string> Mandelbrot::calc_line(std::complex<double> start, int res_x, double ii, double dr, int line_nr) {
  std::string line;
  std::complex<double> z = start + std::complex<double>(0, ii);
  for (int r = 0; r < res_x; ++r) line += character(z += dr);
  return {line_nr, line};
}

std::vector<std::pair<int, std::string>> Mandelbrot::calc_lines(std::complex<double> start, int res_x, double dr, double di, int start_line_nr,
                                                                int num_lines) {
  std::vector<std::pair<int, std::string>> lines;
  for (int i = 0; i < num_lines; ++i) {
    std::string line;
    for (int r = 0; r < res_x; ++r) line += character(start + std::complex<double>(r * dr, i * di));
    lines.emplace_back(i + start_line_nr, line);
  }
  return lines;
}

std::pair<int, std::string> MandelbrotColorPixels::calc_photoimage_line(int y, int res_x, int res_y) {
  constexpr char digits[] = "0123456789abcdef";
  std::string line = "{";
  for (int x = 0; x < res_x; ++x) {
    line += x == 0 ? "#" : " #";
    for (const int part : colour(x, y, res_x, res_y)) line += {digits[part >> 4], digits[part & 15]};
  }
  return {y, line + "}"};
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "give argument: server_id number\n";
    return 2;
  }
  const std::string id = argv[1];
  engine::daemon daemon;
  Mandelbrot characters;
  MandelbrotColorPixels pixels;
  daemon.expose(characters, engine::enrolled_as{.name = "mandelbrot_" + id, .tags = {"class:mandelbrot_calc"}, .safe = true}, {.shared = true});
  daemon.expose(pixels, engine::enrolled_as{.name = "mandelbrot_color_" + id, .tags = {"class:mandelbrot_calc_color"}, .safe = true}, {.shared = true});
  std::cout << "Mandelbrot calculation server #" << id << " ready." << std::endl;
  daemon.run();
}
