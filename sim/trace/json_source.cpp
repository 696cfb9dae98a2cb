#include "sim/trace/json_source.hpp"

#include <utility>

namespace lustrum::trace {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

} // namespace

JsonSource::JsonSource(const std::filesystem::path& path, std::string array_key)
    : source_(path), array_key_(std::move(array_key)) {}

bool JsonSource::more() {
  if (any_line_ && at_ < line_.size()) return true;
  if (any_line_ && in_part_ && source_.ended()) part_ += '\n';
  while (const std::optional<std::string_view> line = source_.next()) {
    any_line_ = true;
    line_ = *line;
    at_ = 0;
    if (!line_.empty()) return true;
  }
  return false;
}

void JsonSource::begin_part() {
  part_.clear();
  part_bytes_ = 0;
  in_part_ = true;
  quoted_ = false;
  escaped_ = false;
  depth_ = 0;
  part_line_ = line();
  part_column_ = column();
}

bool JsonSource::take(char c) {
  if (!quoted_ && depth_ == 0 && part_bytes_ > 0 && (c == ',' || c == ']' || c == '}')) {
    --at_; // belongs to what is around
    return true;
  }
  if (++part_bytes_ <= kMaxPart) part_ += c;
  if (quoted_) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      quoted_ = false;
    return !quoted_ && depth_ == 0;
  }
  if (c == '"') quoted_ = true;
  if (c == '{' || c == '[') ++depth_;
  if (c == '}' || c == ']') return --depth_ == 0;
  return false;
}

std::optional<JsonPart> JsonSource::finish_part() {
  in_part_ = false;
  if (part_is_key_) {
    part_is_key_ = false;
    key_ = part_.size() >= 2 ? part_.substr(1, part_.size() - 2) : part_;
    return std::nullopt;
  }
  key_read_ = false;
  if (part_bytes_ > kMaxPart) {
    ++too_large_;
    return std::nullopt;
  }
  const std::size_t length = part_.size();
  part_.resize(length + LineSource::kPadding);
  return JsonPart{key_, std::string_view{part_}.substr(0, length), state_ == State::in_array,
                  part_line_, part_column_};
}

bool JsonSource::between(char c) {
  if (is_blank(c)) return true;
  switch (state_) {
  case State::before:
    if (c != '{') return false;
    state_ = State::in_object;
    return true;
  case State::in_object:
    if (c == ',') return true;
    if (c == '}') {
      state_ = State::behind;
      return true;
    }
    if (!key_read_ && c == ':') {
      key_read_ = true;
      return true;
    }
    if (key_read_ && c == '[' && key_ == array_key_) {
      state_ = State::in_array;
      return true;
    }
    if (c == ']' || (!key_read_ && c != '"')) return false;
    part_is_key_ = !key_read_;
    break;
  case State::in_array:
    if (c == ',') return true;
    if (c == ']') {
      state_ = State::in_object;
      key_read_ = false;
      return true;
    }
    if (c == '}') return false;
    break;
  case State::behind:
    return false;
  }
  --at_; // the byte is the part's first
  begin_part();
  return true;
}

std::optional<JsonPart> JsonSource::next() {
  while (more()) {
    const char c = line_[at_++];
    if (!in_part_) {
      if (between(c)) continue;
      --at_;
      problem_ = state_ == State::behind ? "more text behind the document"
                                         : std::string{"unexpected `"} + c + "`";
      return std::nullopt;
    }
    if (!take(c)) continue;
    if (auto part = finish_part()) return part;
  }
  if (state_ != State::behind) problem_ = "the document is cut off";
  return std::nullopt;
}

} // namespace lustrum::trace
