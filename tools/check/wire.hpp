// A connection without a socket: the check says what comes and where it is cut, and sees what goes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "tools/check/check.hpp"
#include "twist/net/protocol.hpp"

namespace check {

/// A client of a server's factory. The protocol hears of the end when this is destroyed.
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

    /// Sends the server one piece, unless it has closed: then nobody reads it. The bytes are gone
    /// when data_received returns, as they are on a real connection.
    void send(std::string_view data) {
        const std::string piece(data);
        if (!transport_->closed)
            protocol_->data_received(piece);
        transport_->end_of_turn();
    }

    /// A turn ends in which nothing has come.
    void end_of_turn() { transport_->end_of_turn(); }

    const std::string& received() const { return transport_->sent; } ///< all that the server sent
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

        // Before anything is touched, so that the verdict never hangs on who is quicker.
        void expect_the_loop() const {
            expect(std::this_thread::get_id() == loop,
                   {"A transport is used in another thread than the loop's.",
                    "传输在循环以外的线程里被使用。"});
        }

        const std::thread::id loop = std::this_thread::get_id();
        std::string written, sent; // in this turn, and before
        bool closed = false;
    };

    std::shared_ptr<twist::ServerFactory> factory_;
    std::shared_ptr<Transport> transport_ = std::make_shared<Transport>();
    std::unique_ptr<twist::Protocol> protocol_;
};

} // namespace check
