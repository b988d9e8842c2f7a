#include "twist/net/netstring.hpp"

#include <utility>

namespace twist {

void NetstringReceiver::send_string(std::string_view string) {
    transport()->write(std::to_string(string.size()) + ':');
    transport()->write(string);
    transport()->write(",");
}

// Every byte is looked at once and copied at most once, however the stream is cut.
void NetstringReceiver::data_received(std::string_view data) {
    while (!data.empty() && awaits_ != Awaits::nothing) {
        if (awaits_ == Awaits::string_and_comma && string_.size() < length_) {
            const std::string_view part = data.substr(0, length_ - string_.size());
            string_ += part;
            data.remove_prefix(part.size());
        } else {
            framing_received(data.front());
            data.remove_prefix(1);
        }
    }
}

/// A byte that should be a digit, a colon or a comma.
void NetstringReceiver::framing_received(char byte) {
    const bool is_digit = '0' <= byte && byte <= '9';
    if (awaits_ == Awaits::string_and_comma && byte == ',') {
        awaits_ = Awaits::first_digit;
        length_ = 0;
        string_received(std::exchange(string_, {}));
    } else if (awaits_ == Awaits::digit_or_colon && byte == ':') {
        awaits_ = Awaits::string_and_comma;
    } else if (awaits_ != Awaits::string_and_comma && is_digit) {
        digit_received(static_cast<std::size_t>(byte - '0'));
    } else {
        malformed();
    }
}

void NetstringReceiver::digit_received(std::size_t digit) {
    const bool leading_zero = awaits_ == Awaits::digit_or_colon && length_ == 0;
    const bool too_long = length_ > max_length_ / 10 || digit > max_length_ - length_ * 10;
    if (leading_zero || too_long)
        return malformed();
    length_ = length_ * 10 + digit;
    awaits_ = Awaits::digit_or_colon;
}

void NetstringReceiver::malformed() {
    awaits_ = Awaits::nothing;
    string_ = {};
    transport()->lose_connection();
}

} // namespace twist
