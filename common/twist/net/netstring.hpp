// Netstrings: messages on a connection that knows only bytes. "5:hello," is the string "hello".
// Stands for twisted.protocols.basic.NetstringReceiver.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "twist/net/protocol.hpp"

namespace twist {

/// A protocol that hears whole strings instead of bytes cut anywhere. A netstring is the length of
/// the string in decimal digits, a colon, the string (any bytes), a comma. Who sends anything else
/// loses the connection, and is not listened to any more.
class NetstringReceiver : public Protocol {
  public:
    /// A longer string, in bytes, counts as malformed: nobody can make us keep more. (MAX_LENGTH)
    explicit NetstringReceiver(std::size_t max_length = 99'999) : max_length_(max_length) {}

    /// One string, whole. Those that came in the same segment follow at once, whatever is done
    /// here: lose_connection() does not stop what has been read. What it throws ends the
    /// connection.
    virtual void string_received(std::string string) = 0;

    /// Sends `string` as a netstring. Its length is not checked.
    void send_string(std::string_view string);

    void data_received(std::string_view data) final;

  private:
    enum class Awaits { first_digit, digit_or_colon, string_and_comma, nothing };

    void framing_received(char byte);
    void digit_received(std::size_t digit);
    void malformed();

    const std::size_t max_length_;
    Awaits awaits_ = Awaits::first_digit;
    std::size_t length_ = 0; // as far as its digits have come
    std::string string_;     // as much of it as has come; its room grows as it comes
};

} // namespace twist
