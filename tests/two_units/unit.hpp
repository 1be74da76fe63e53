// What the units tell main.cpp; plain types only, so that objects compiled differently may exchange it.
#pragma once

struct Report {
  static constexpr int count = 16;
  const char* abi;
  float values[count];
};

Report plain();
Report tuned();
Report again();
