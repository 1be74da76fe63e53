// clip/formats/pickle.hpp: safe unpickler: reads Python pickles as plain data, never calls or imports anything.
//
// A pickle is a program for a small stack machine, and Python's own reader executes every call in it. Here a name is
// only a string, a call is a record of callee and arguments, and a name outside the allow-list is an error.
#pragma once

#include <clip/core/result.hpp>
#include <clip/formats/pickle_value.hpp>
#include <clip/io/bytes.hpp>

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The stack machine. Its memory use is bounded by the number of bytes read, not by the numbers in them.
class PickleReader {
 public:
  PickleReader(std::span<const std::byte> bytes, std::string place, AllowedNames allowed, PickleLimits limits)
      : bytes_{bytes}, place_{std::move(place)}, allowed_{std::move(allowed)}, limits_{limits} {}

  Result<Pickle> run() {
    if (bytes_.size() > limits_.bytes)
      return LoadError{place_, "pickle: bytes", "at most " + std::to_string(limits_.bytes), bytes_.size()};
    while (problem_.empty()) {
      at_ = next_;
      const auto code = static_cast<unsigned char>(number(1));
      if (!problem_.empty()) break;
      if (code == '.') {
        PickleValue* const root = pop();
        if (!problem_.empty()) break;
        result_.root_ = root;
        return std::move(result_);
      }
      step(code);
      if (problem_.empty() && result_.values_.size() > limits_.values)
        fail("more than " + std::to_string(limits_.values) + " values");
      if (problem_.empty() && spent_ > limits_.memory)
        fail("its values take more than " + std::to_string(limits_.memory) + " bytes, the budget of the file");
    }
    return LoadError{place_, problem_}.with_id("clip.load.pickle");
  }

 private:
  using Value = PickleValue;
  using Kind = PickleValue::Kind;
  static constexpr std::size_t reference_cost = 2 * sizeof(Value*);  // on the stack, later in a container
  static constexpr std::size_t memo_cost = 64;                       // a node of a map

  void fail(const std::string& what) {
    if (problem_.empty()) problem_ = "pickle: at byte " + std::to_string(at_) + ": " + what;
  }

  // ------------------------------------------------------------------------------------------------ input bytes
  std::span<const std::byte> take(std::uint64_t count) {
    if (count > bytes_.size() - next_) {
      fail("truncated");
      return {};
    }
    const auto part = bytes_.subspan(next_, static_cast<std::size_t>(count));
    next_ += part.size();
    return part;
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    const auto part = take(size);
    for (std::size_t i = 0; i < part.size(); ++i) value |= std::to_integer<std::uint64_t>(part[i]) << (8 * i);
    return value;
  }
  std::string_view line() {
    const std::string_view rest = as_text(bytes_.subspan(next_));
    const std::size_t length = rest.find('\n');
    if (length == rest.npos) {
      fail("truncated");
      return {};
    }
    next_ += length + 1;
    return rest.substr(0, length);
  }
  std::int64_t decimal(std::string_view text) {
    std::int64_t value = 0;
    if (text.ends_with('L')) text.remove_suffix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
      fail("expected a number, found \"" + std::string(text.substr(0, 40)) + "\"");
    return value;
  }

  // ------------------------------------------------------------------------------------------------ stack
  Value* make(Kind kind) {
    spent_ += sizeof(Value);
    result_.values_.push_back({});
    result_.values_.back().kind = kind;
    return &result_.values_.back();
  }
  void push(Value* value) {
    spent_ += reference_cost;
    stack_.push_back(value);
  }
  void push_integer(std::int64_t value) {
    push(make(Kind::integer));
    stack_.back()->integer = value;
  }
  void push_flag(bool value) {
    push(make(Kind::boolean));
    stack_.back()->integer = value;
  }
  void push_text(Kind kind, std::span<const std::byte> text) {
    push(make(kind));
    stack_.back()->text = as_text(text);
  }
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Value* top() {
    if (stack_.size() > floor()) return stack_.back();
    fail("a value is missing");
    return make(Kind::none);
  }
  Value* pop() {
    Value* const value = top();
    if (problem_.empty()) stack_.pop_back();
    return value;
  }
  /// Moves the last `count` values to the items of `into`, in order.
  void move_top(Value* into, std::size_t count) {
    if (stack_.size() - floor() < count) return fail("a value is missing");
    into->items.insert(into->items.end(), stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
  }
  /// Moves everything above the last mark to the items of `into`, and removes the mark.
  void move_to_mark(Value* into) {
    if (marks_.empty()) return fail("a mark is missing");
    move_top(into, stack_.size() - marks_.back());
    marks_.pop_back();
  }
  void collect(Kind kind, std::size_t count) {
    Value* const value = make(kind);
    move_top(value, count);
    push(value);
  }
  void collect_to_mark(Kind kind) {
    Value* const value = make(kind);
    move_to_mark(value);
    if (kind == Kind::dict && value->items.size() % 2 != 0) fail("a key without a value");
    push(value);
  }
  /// APPENDS, ADDITEMS and SETITEMS: moves the values above the mark into the container below it.
  void extend_to_mark(bool pairs) {
    if (marks_.empty()) return fail("a mark is missing");
    const std::size_t mark = marks_.back(), below = marks_.size() > 1 ? marks_[marks_.size() - 2] : 0;
    if (mark == below) return fail("a value is missing");
    move_to_mark(checked(stack_[mark - 1], pairs, stack_.size() - mark));
  }
  void extend(bool pairs) {
    const std::size_t count = pairs ? 2 : 1;
    if (stack_.size() - floor() <= count) return fail("a value is missing");
    move_top(checked(stack_[stack_.size() - count - 1], pairs, count), count);
  }
  Value* checked(Value* into, bool pairs, std::size_t count) {
    const bool good =
        pairs ? into->is(Kind::dict) || into->is(Kind::call) : into->is(Kind::list) || into->is(Kind::set);
    if (!good) fail("items for a value that is not a container");
    else if (pairs && count % 2 != 0) fail("a key without a value");
    if (good && problem_.empty()) return into;
    return make(Kind::none);
  }

  // ------------------------------------------------------------------------------------------------ names, calls, memo
  void push_name(std::string_view module, std::string_view name) {
    std::string full = std::string(module) + "." + std::string(name);
    if (problem_.empty() && !allowed_(full))
      problem_ = "pickle: names " + full.substr(0, 200) + ", which is not on the list of allowed names";
    spent_ += memo_cost + full.size();
    push(make(Kind::name));
    stack_.back()->text = *result_.names_.insert(std::move(full)).first;
  }
  void call(Value* callee, Value* arguments) {
    if (!callee->is(Kind::name)) return fail("a call of a value that is not a name");
    if (!arguments->is(Kind::tuple)) return fail("a call without a tuple of arguments");
    push(make(Kind::call));
    stack_.back()->callee = callee;
    stack_.back()->arguments = arguments;
  }
  void memoize(std::uint64_t key) {
    spent_ += memo_cost;
    memo_[key] = top();
  }
  void recall(std::uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) return fail("value " + std::to_string(key) + " is not in the memo");
    push(found->second);
  }

  void step(unsigned char code) {
    switch (code) {
      case 0x80:  // PROTO
        if (const auto version = number(1); version < 2 || version > 5)
          fail("protocol: expected 2 to 5, found " + std::to_string(version));
        return;
      case 0x95: return void(take(8));  // FRAME
      case '(':
        if (marks_.size() == limits_.depth) return fail("nested more than " + std::to_string(limits_.depth) + " deep");
        return marks_.push_back(stack_.size());
      case '0': return void(pop());
      case '1':  // POP_MARK
        return move_to_mark(make(Kind::none));
      case '2': return push(top());  // DUP

      case 'N': return push(make(Kind::none));
      case 0x88: return push_flag(true);
      case 0x89: return push_flag(false);
      case 'J': return push_integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))));
      case 'K': return push_integer(static_cast<std::int64_t>(number(1)));
      case 'M': return push_integer(static_cast<std::int64_t>(number(2)));
      case 0x8A: return long_integer(take(number(1)));
      case 0x8B: return long_integer(take(number(4)));
      case 'I': {
        const std::string_view text = line();
        return text == "01" || text == "00" ? push_flag(text == "01") : push_integer(decimal(text));
      }
      case 'L': return push_integer(decimal(line()));
      case 'G': {
        const auto part = take(8);
        push(make(Kind::real));
        if (part.size() == 8) stack_.back()->real = std::bit_cast<double>(load_big<std::uint64_t>(part.data()));
        return;
      }

      case 'X': return push_text(Kind::text, take(number(4)));
      case 0x8C: return push_text(Kind::text, take(number(1)));
      case 0x8D: return push_text(Kind::text, take(number(8)));
      case 'V': return push_text(Kind::text, as_byte_span(line()));
      case 'U': return push_text(Kind::text, take(number(1)));  // str of Python 2: treated as text
      case 'T': return push_text(Kind::text, take(number(4)));
      case 'B': return push_text(Kind::bytes, take(number(4)));
      case 'C': return push_text(Kind::bytes, take(number(1)));
      case 0x8E:
      case 0x96: return push_text(Kind::bytes, take(number(8)));

      case ')': return push(make(Kind::tuple));
      case 't': return collect_to_mark(Kind::tuple);
      case 0x85: return collect(Kind::tuple, 1);
      case 0x86: return collect(Kind::tuple, 2);
      case 0x87: return collect(Kind::tuple, 3);
      case ']': return push(make(Kind::list));
      case 'l': return collect_to_mark(Kind::list);
      case '}': return push(make(Kind::dict));
      case 'd': return collect_to_mark(Kind::dict);
      case 0x8F: return push(make(Kind::set));
      case 0x91: return collect_to_mark(Kind::set);  // FROZENSET
      case 'a': return extend(false);
      case 'e':
      case 0x90: return extend_to_mark(false);
      case 's': return extend(true);
      case 'u': return extend_to_mark(true);

      case 'c': {
        const std::string_view module = line();
        return push_name(module, line());
      }
      case 0x93: {  // STACK_GLOBAL
        const Value *const name = pop(), *const module = pop();
        if (!name->is(Kind::text) || !module->is(Kind::text)) return fail("a name that is not text");
        return push_name(module->text, name->text);
      }
      case 'R':
      case 0x81: {  // REDUCE, NEWOBJ
        Value *const arguments = pop(), *const callee = pop();
        return call(callee, arguments);
      }
      case 'b': {  // BUILD
        Value* const state = pop();
        if (!top()->is(Kind::call)) return fail("a state for a value that is not a call");
        stack_.back()->state = state;
        return;
      }
      case 'Q': {  // BINPERSID
        Value* const identity = pop();
        push(make(Kind::persistent));
        stack_.back()->arguments = identity;
        return;
      }

      case 'q': return memoize(number(1));
      case 'r': return memoize(number(4));
      case 'p': return memoize(static_cast<std::uint64_t>(decimal(line())));
      case 0x94: return memoize(memo_.size());
      case 'h': return recall(number(1));
      case 'j': return recall(number(4));
      case 'g': return recall(static_cast<std::uint64_t>(decimal(line())));
      default: return fail("unsupported opcode " + std::to_string(code));
    }
  }

  void long_integer(std::span<const std::byte> digits) {
    if (digits.size() > 8) return push_text(Kind::bytes, digits);
    std::uint64_t value = !digits.empty() && (std::to_integer<int>(digits.back()) & 0x80) ? ~std::uint64_t{0} : 0;
    for (std::size_t i = digits.size(); i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(digits[i]);
    push_integer(static_cast<std::int64_t>(value));
  }

  std::span<const std::byte> bytes_;
  std::string place_;
  AllowedNames allowed_;
  PickleLimits limits_;
  Pickle result_;
  std::size_t next_ = 0, at_ = 0;
  std::size_t spent_ = 0;  // bytes, as limits_.memory counts them; what is released is not subtracted
  std::vector<Value*> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Value*> memo_;
  std::string problem_;
};

/// Reads a pickle of protocol 2 to 5 that contains only allowed names.
/// LoadError: a name that is not allowed (with the name), truncated, damaged, a limit exceeded.
[[nodiscard]] inline Result<Pickle> try_unpickle(std::span<const std::byte> bytes, const std::string& place,
                                                 AllowedNames allowed, PickleLimits limits = {}) {
  return PickleReader{bytes, place, std::move(allowed), limits}.run();
}

inline Pickle unpickle(std::span<const std::byte> bytes, const std::string& place, AllowedNames allowed,
                       PickleLimits limits = {}) {
  return try_unpickle(bytes, place, std::move(allowed), limits).value();
}

}  // namespace clip::inline CLIP_ABI
