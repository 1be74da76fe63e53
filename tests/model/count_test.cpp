#include <clip/model/catalogue.hpp>
#include <clip/model/count.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace clip;

TEST_CASE("every model has its published number of weights") {
  struct Known {
    const char* name;
    Index image, text, total;
  };
  for (const Known& known : std::array<Known, 15>{{{"ViT-B/32", 87'849'216, 63'428'096, 151'277'313},
                                                   {"ViT-B/16", 86'192'640, 63'428'096, 149'620'737},
                                                   {"ViT-L/14", 303'966'208, 123'650'304, 427'616'513},
                                                   {"ViT-L/14@336px", 304'293'888, 123'650'304, 427'944'193},
                                                   {"RN50", 38'316'896, 63'690'240, 102'007'137},
                                                   {"RN101", 56'259'936, 63'428'096, 119'688'033},
                                                   {"RN50x4", 87'137'080, 91'163'520, 178'300'601},
                                                   {"RN50x16", 167'328'912, 123'650'304, 290'979'217},
                                                   {"RN50x64", 420'380'352, 202'877'952, 623'258'305},
                                                   {"laion/ViT-B-32", 87'849'216, 63'428'096, 151'277'313},
                                                   {"laion/ViT-L-14", 303'966'208, 123'650'304, 427'616'513},
                                                   {"laion/ViT-L-14-336", 304'293'888, 123'650'304, 427'944'193},
                                                   {"laion/ViT-H-14", 632'076'800, 354'032'640, 986'109'441},
                                                   {"laion/ViT-g-14", 1'012'645'632, 354'032'640, 1'366'678'273},
                                                   {"laion/ViT-bigG-14", 1'844'907'264, 694'659'840, 2'539'567'105}}}) {
    CAPTURE(known.name);
    const ParameterCount count = count_parameters(find_config(known.name));
    CHECK(count.image == known.image);
    CHECK(count.text == known.text);
    CHECK(count.total() == known.total);
  }
}
