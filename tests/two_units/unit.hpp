// The result that a unit returns to main.cpp; plain types only, so that objects
// with different ABI tags can exchange it.
#pragma once

struct Report {
  static constexpr int count = 16;
  const char* abi;
  float values[count];
};

Report plain();
Report tuned();
Report again();
