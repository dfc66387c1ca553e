// What servers and clients of the Mandelbrot example share: lines of the picture, as characters and as colours.
#pragma once

#include <complex>
#include <string>
#include <utility>
#include <vector>

#include <engine/engine.hpp>

class Mandelbrot {
 public:
  std::pair<int, std::string> calc_line(std::complex<double> start, int res_x, double ii, double dr, int line_nr);
  std::vector<std::pair<int, std::string>> calc_lines(std::complex<double> start, int res_x, double dr, double di, int start_line_nr, int num_lines);
};
ENGINE_EXPOSE(Mandelbrot, calc_line, calc_lines)

class MandelbrotColorPixels {
 public:
  /// As Tk's PhotoImage takes it: "{#rrggbb #rrggbb …}".
  std::pair<int, std::string> calc_photoimage_line(int y, int res_x, int res_y);
};
ENGINE_EXPOSE(MandelbrotColorPixels, calc_photoimage_line)
