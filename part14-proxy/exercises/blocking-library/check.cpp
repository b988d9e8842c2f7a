// A library that blocks: the check's own, whose calls wait until the check lets them go on.
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "common/protocol.hpp"
#include "common/reactor.hpp"
#include "common/tcp.hpp"
#include "tools/check/check.hpp"

using namespace check;

using NextPoem = std::function<std::string()>;

std::shared_ptr<twist::ServerFactory> make_server(twist::Reactor& reactor, NextPoem next_poem);

namespace {

// Its calls wait. Each gets what the check gives it, the one that came first at first.
class Library {
  public:
    std::string next_poem() {
        std::unique_lock lock(mutex_);
        if (std::this_thread::get_id() == loop_) {
            in_the_loop_ = true;
            return "";
        }
        const int mine = ++came_;
        go_on_.wait(lock, [&] { return let_go_ >= mine; });
        ++gone_;
        if (mine == empty_handed_)
            throw std::runtime_error("no poem");
        return "poem " + std::to_string(mine) + "\n";
    }

    // How many calls are waiting in it, or have left it.
    int came() { return look(came_); }
    int gone() { return look(gone_); }
    bool was_called_in_the_loop() { return look(in_the_loop_); }

    void let_go(int calls) {
        const std::lock_guard lock(mutex_);
        let_go_ += calls;
        go_on_.notify_all();
    }
    void finds_nothing_for(int call) { empty_handed_ = call; }

  private:
    template <class T>
    T look(const T& what) {
        const std::lock_guard lock(mutex_);
        return what;
    }

    const std::thread::id loop_ = std::this_thread::get_id();
    std::mutex mutex_;
    std::condition_variable go_on_;
    int came_ = 0, let_go_ = 0, gone_ = 0, empty_handed_ = 0;
    bool in_the_loop_ = false;
};

// A client, which hears a poem until its connection ends.
class Client : public twist::ClientFactory {
  public:
    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override {
        return std::make_unique<Listens>(*this);
    }
    void leave() const { transport_->lose_connection(); }

    std::string poem;
    bool has_ended = false;

  private:
    struct Listens : twist::Protocol {
        explicit Listens(Client& the_client) : client(the_client) {}
        void connection_made() override { client.transport_ = transport(); }
        void data_received(std::string_view data) override { client.poem += data; }
        void connection_lost(const twist::Failure&) override { client.has_ended = true; }
        Client& client;
    };
    std::shared_ptr<twist::Transport> transport_;
};

// The server, its library and its clients, all in one reactor; and what happens, step by step.
class World {
  public:
    // A client comes now.
    std::shared_ptr<Client> client() {
        act({"a client comes", "来了一个客户端"});
        const auto client = std::make_shared<Client>();
        twist::connect_tcp(reactor_, port_->get_host(), client);
        return client;
    }

    // The next step: waits until `condition` holds. If it never does, the check fails with `what`.
    void until(std::function<bool()> condition, Text what) {
        steps_.push_back({std::move(condition), std::move(what)});
    }
    void then(std::function<void()> f) {
        until([f = std::move(f)] { return f(), true; }, {});
    }
    void some_turns() {
        until([left = 10]() mutable { return --left == 0; }, {});
    }

    // Takes all steps.
    void play() {
        reactor_.call_when_running([this] { go_on(0, most_looks); });
        reactor_.run();
    }

    Library library;

  private:
    static constexpr int most_looks = 500;
    struct Step {
        std::function<bool()> condition;
        Text what;
    };

    void go_on(std::size_t step, int looks_left) {
        expect(!library.was_called_in_the_loop(),
               {"The library is called in the loop's thread: meanwhile nobody else is served.",
                "图书馆是在循环的线程里调用的：这期间谁也得不到服务。"});
        if (step == steps_.size())
            return reactor_.stop();
        if (steps_[step].condition())
            return go_on(step + 1, most_looks);
        expect(looks_left > 0, steps_[step].what);
        reactor_.call_later(twist::Seconds(0.01),
                            [this, step, looks_left] { go_on(step, looks_left - 1); });
    }

    std::vector<Step> steps_;
    twist::Reactor reactor_;
    std::shared_ptr<twist::Port> port_ = twist::listen_tcp(
        reactor_, {"127.0.0.1", 0}, make_server(reactor_, [this] { return library.next_poem(); }));
};

const Text the_poem{"what the client got", "客户端得到的结果"};

} // namespace

CHECK(Text{"two clients at once", "两个客户端同时到来"}) {
    World world;
    const auto first = world.client();
    const auto second = world.client();
    world.until(
        [&] { return world.library.came() == 2; },
        {"While one client waits for his poem, the library is not asked for the other one's.",
         "一个客户端在等诗的时候，没有人替另一个去问图书馆。"});
    world.then([&] {
        act({"the library finds both poems", "图书馆找到了两首诗"});
        world.library.let_go(2);
    });
    world.until([&] { return first->has_ended && second->has_ended; },
                {"A client still waits.", "还有客户端在等。"});
    world.play();
    const bool in_order = first->poem < second->poem;
    expect_equal(the_poem, (in_order ? first : second)->poem, "poem 1\n");
    expect_equal(the_poem, (in_order ? second : first)->poem, "poem 2\n");
}

CHECK(Text{"a client that leaves before there is a poem", "在诗找到之前就离开的客户端"}) {
    World world;
    const auto first = world.client();
    std::shared_ptr<Client> second;
    world.until([&] { return world.library.came() == 1; },
                {"The library is not asked.", "没有人去问图书馆。"});
    world.then([&] {
        act({"the client leaves", "客户端离开"});
        first->leave();
    });
    world.some_turns();
    world.then([&] {
        act({"the library finds his poem", "图书馆找到了他的诗"});
        world.library.let_go(1);
    });
    world.until([&] { return world.library.gone() == 1; }, {});
    world.some_turns();
    world.then([&] {
        second = world.client();
        world.library.let_go(1);
    });
    world.until([&] { return second->has_ended; },
                {"The next client still waits.", "下一个客户端还在等。"});
    world.play();
    expect_equal(the_poem, second->poem, "poem 2\n");
}

CHECK(Text{"a poem that is not found", "找不到的诗"}) {
    World world;
    world.library.finds_nothing_for(1);
    const auto first = world.client();
    std::shared_ptr<Client> second;
    world.until([&] { return world.library.came() == 1; },
                {"The library is not asked.", "没有人去问图书馆。"});
    world.then([&] {
        act({"the library finds none, and throws", "图书馆没有找到，抛出异常"});
        world.library.let_go(1);
    });
    world.until([&] { return first->has_ended; }, {"The client still waits.", "客户端还在等。"});
    world.then([&] {
        expect_equal(the_poem, first->poem, "");
        expect(take_reports().find("no poem") != std::string::npos,
               {"Nobody was told why there is no poem.", "没有人知道为什么没有诗。"});
        second = world.client();
        world.library.let_go(1);
    });
    world.until([&] { return second->has_ended; },
                {"The next client still waits.", "下一个客户端还在等。"});
    world.play();
    expect_equal(the_poem, second->poem, "poem 2\n");
}
