// A file that the build put into the program.
#pragma once

#include <string_view>

namespace routerd::base {

// What routerd_embed (embed.cmake) makes of each file. Both texts live as long as the program.
struct EmbeddedFile {
  std::string_view path;  // Relative to where the files were taken from: "js/app.js".
  std::string_view bytes;
};

}  // namespace routerd::base
