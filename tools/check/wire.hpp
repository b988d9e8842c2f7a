// A connection without a socket: the check decides what arrives in which pieces, and sees what is
// sent.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "tools/check/check.hpp"
#include "twist/net/protocol.hpp"

namespace check {

/// A client of a server's factory. Its destructor tells the protocol that the connection is lost.
class Wire {
  public:
    explicit Wire(std::shared_ptr<twist::ServerFactory> factory) : factory_(std::move(factory)) {
        protocol_ = factory_->build_protocol(transport_->get_peer());
        if (protocol_ == nullptr)
            fail({"The factory turns a client away.", "工厂拒绝了一个客户端。"});
        protocol_->make_connection(transport_);
        transport_->end_of_turn();
    }
    ~Wire() { protocol_->connection_lost(twist::connection_done()); }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// Sends the server one piece, unless the server has closed. As on a real connection, the bytes
    /// are gone when data_received returns.
    void send(std::string_view data) {
        const std::string piece(data);
        if (!transport_->closed)
            protocol_->data_received(piece);
        transport_->end_of_turn();
    }

    /// Ends a turn in which nothing arrived.
    void end_of_turn() { transport_->end_of_turn(); }

    const std::string& received() const { return transport_->sent; } ///< what the server sent
    bool closed() const { return transport_->closed; } ///< whether the server has closed it

  private:
    struct Transport final : twist::Transport {
        void write(std::string_view data) override {
            expect_the_loop();
            written += data;
        }
        void write(std::shared_ptr<const std::string> data) override { write(*data); }
        void lose_connection() override {
            expect_the_loop();
            closed = true;
        }
        void lose_write_connection() override {}
        void abort_connection() override {
            expect_the_loop();
            closed = true;
            written.clear();
        }
        void pause_producing() override {}
        void resume_producing() override {}
        void register_producer(std::shared_ptr<twist::Producer>, bool) override {}
        void unregister_producer() override {}
        twist::Address get_host() const override { return {"127.0.0.1", 10000}; }
        twist::Address get_peer() const override { return {"127.0.0.1", 50000}; }

        void end_of_turn() { sent += std::exchange(written, {}); }

        // Called before anything is touched, so that the verdict does not depend on a race.
        void expect_the_loop() const {
            expect(std::this_thread::get_id() == loop,
                   {"A transport is used outside the loop's thread.",
                    "传输在循环以外的线程里被使用。"});
        }

        const std::thread::id loop = std::this_thread::get_id();
        std::string written, sent; // in this turn, and in earlier turns
        bool closed = false;
    };

    std::shared_ptr<twist::ServerFactory> factory_;
    std::shared_ptr<Transport> transport_ = std::make_shared<Transport>();
    std::unique_ptr<twist::Protocol> protocol_;
};

} // namespace check
