# A header as Doxygen reads it: the inline namespace left out, the first line as the brief of its page, the comment behind a
# declaration as that of the name declared, and what Doxygen would take for markup in comments escaped.

# Outside of `code`, the characters of HTML and of Doxygen's commands are plain text.
function escaped(comment,    parts, count, i, result) {
  count = split(comment, parts, "`")
  for (i = 1; i <= count; i++) {
    if (i % 2 == 1) gsub(/[<>\\@&%]/, "\\\\&", parts[i])
    result = result (i > 1 ? "`" : "") parts[i]
  }
  return result
}

NR == 1 && sub(/^\/\/ clip\/[^:]*: /, "") {
  print "/// @file"
  print "/// @brief " escaped($0)
  next
}
/^#include .*\.def\.hpp/ { print ""; next }  # textual: macros only
{
  sub(/::inline CLIP_ABI/, "")
  if (match($0, /^ *[A-Za-z].*[;,]  \/\/ /)) {
    print substr($0, 1, RLENGTH - 3) "///< " escaped(substr($0, RLENGTH + 1))
  } else if (match($0, /^ *\/\/\/ /)) {
    comment = substr($0, RLENGTH + 1)
    print substr($0, 1, RLENGTH) (comment ~ /^    / ? comment : escaped(comment))
  } else {
    print
  }
}
