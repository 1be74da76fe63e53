// Lets MemorySanitizer follow a program through the standard library, which is not instrumented. Its containers are
// templates and so are; what it keeps in the library itself and writes to new memory is marked here as written. Linked
// with --wrap.
#include <sanitizer/msan_interface.h>

#include <cstddef>

namespace {
/// The links of a node of a std::map or std::set: colour, parent, left, right.
constexpr std::size_t links = 4 * sizeof(void*);
}  // namespace

extern "C" {

// The names of the symbols, as --wrap forms them.
// NOLINTBEGIN
void __real__ZSt29_Rb_tree_insert_and_rebalancebPSt18_Rb_tree_node_baseS0_RS_(bool left, void* node, void* parent,
                                                                              void* header);
void __wrap__ZSt29_Rb_tree_insert_and_rebalancebPSt18_Rb_tree_node_baseS0_RS_(bool left, void* node, void* parent,
                                                                              void* header) {
  __msan_unpoison(node, links);
  __real__ZSt29_Rb_tree_insert_and_rebalancebPSt18_Rb_tree_node_baseS0_RS_(left, node, parent, header);
}

void __real__ZNSt8__detail15_List_node_base7_M_hookEPS0_(void* node, void* before);
void __wrap__ZNSt8__detail15_List_node_base7_M_hookEPS0_(void* node, void* before) {
  __msan_unpoison(node, 2 * sizeof(void*));
  __real__ZNSt8__detail15_List_node_base7_M_hookEPS0_(node, before);
}
// NOLINTEND
}
