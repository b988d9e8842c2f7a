// Netstrings: messages on a connection that knows only bytes. "5:hello," is the string "hello".
// Stands for twisted.protocols.basic.NetstringReceiver.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "twist/net/protocol.hpp"

namespace twist {

/// A protocol that receives whole strings instead of bytes cut anywhere. A netstring is the length
/// of the string in decimal digits, a colon, the string (any bytes), and a comma. If the other side
/// sends anything else, the connection is closed, and nothing more is delivered.
class NetstringReceiver : public Protocol {
  public:
    /// A string of more bytes counts as malformed, so that a peer can't make us keep more.
    /// (MAX_LENGTH)
    explicit NetstringReceiver(std::size_t max_length = 99'999) : max_length_(max_length) {}

    /// Called with each whole string. Strings that were read together follow at once, also after
    /// lose_connection(). What it throws ends the connection.
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
    std::size_t length_ = 0; // from the digits so far
    std::string string_;     // the bytes so far; its memory grows with them
};

} // namespace twist
