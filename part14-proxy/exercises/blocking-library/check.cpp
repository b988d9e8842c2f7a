// A blocking library: the check's own; its calls wait until the check lets them continue.
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tools/check/check.hpp"
#include "tools/check/wire.hpp"
#include "twist/async/threads.hpp"
#include "twist/loop/reactor.hpp"
#include "twist/net/protocol.hpp"

using namespace check;

using NextPoem = std::function<std::string()>;

std::shared_ptr<twist::ServerFactory> make_server(twist::Reactor& reactor, NextPoem next_poem);

namespace {

// Its calls wait. The check answers them in the order in which they were made.
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

    // The number of calls that wait in it, or have left it.
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

// The server, its library and its clients, and the steps to play in the loop.
class World {
  public:
    void client_comes() {
        act({"a client connects", "来了一个客户端"});
        clients_.push_back(std::make_unique<Wire>(server_));
    }
    void first_client_leaves() {
        act({"the client leaves", "客户端离开"});
        clients_.front().reset();
    }

    // The next step: wait until `condition` holds. If it never does, the check fails with `what`.
    void until(std::function<bool()> condition, Text what) {
        steps_.push_back({std::move(condition), std::move(what)});
    }
    void then(std::function<void()> f) {
        until([f = std::move(f)] { return f(), true; }, {});
    }
    void until_the_library_is_asked() {
        until([this] { return library.came() == 1; },
              {"The library is not called.", "没有人去问图书馆。"});
    }
    void until_the_loop_has_heard() {
        until([this] { return library.gone() == 1 && twist::thread_pool(reactor_).running() == 0; },
              {"The call of the library does not end.", "对图书馆的调用没有结束。"});
    }
    void until_closed(std::size_t client) {
        until([this, client] { return clients_[client]->closed(); },
              {"A client is still waiting.", "还有客户端在等。"});
    }

    // Plays all steps.
    void play() {
        reactor_.call_when_running([this] { go_on(0, most_looks); });
        reactor_.run();
    }

    std::string poem_of(std::size_t client) {
        clients_[client]->end_of_turn();
        return clients_[client]->received();
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
               {"The library is called in the loop's thread: meanwhile no other client is served.",
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
    std::shared_ptr<twist::ServerFactory> server_ =
        make_server(reactor_, [this] { return library.next_poem(); });
    std::vector<std::unique_ptr<Wire>> clients_;
};

const Text the_poem{"what the client got", "客户端得到的结果"};

} // namespace

CHECK(Text{"two clients at once", "两个客户端同时到来"}) {
    World world;
    world.then([&] {
        world.client_comes();
        world.client_comes();
    });
    world.until(
        [&] { return world.library.came() == 2; },
        {"While one client waits for its poem, the library is not called for the other one.",
         "一个客户端在等诗的时候，没有人替另一个去问图书馆。"});
    world.then([&] {
        act({"the library finds both poems", "图书馆找到了两首诗"});
        world.library.let_go(2);
    });
    world.until_closed(0);
    world.until_closed(1);
    world.play();
    const std::size_t earlier = world.poem_of(0) < world.poem_of(1) ? 0 : 1;
    expect_equal(the_poem, world.poem_of(earlier), "poem 1\n");
    expect_equal(the_poem, world.poem_of(1 - earlier), "poem 2\n");
}

CHECK(Text{"a client that leaves before its poem is found", "在诗找到之前就离开的客户端"}) {
    World world;
    world.then([&] { world.client_comes(); });
    world.until_the_library_is_asked();
    world.then([&] {
        world.first_client_leaves();
        act({"the library finds its poem", "图书馆找到了他的诗"});
        world.library.let_go(1);
    });
    world.until_the_loop_has_heard();
    world.then([&] {
        world.client_comes();
        world.library.let_go(1);
    });
    world.until_closed(1);
    world.play();
    expect_equal(the_poem, world.poem_of(1), "poem 2\n");
}

CHECK(Text{"a poem that is not found", "找不到的诗"}) {
    World world;
    world.library.finds_nothing_for(1);
    world.then([&] { world.client_comes(); });
    world.until_the_library_is_asked();
    world.then([&] {
        act({"the library finds none and throws", "图书馆没有找到，抛出异常"});
        world.library.let_go(1);
    });
    world.until_closed(0);
    world.then([&] {
        expect_equal(the_poem, world.poem_of(0), "");
        expect(take_reports().find("no poem") != std::string::npos,
               {"No report says why there is no poem.", "没有人知道为什么没有诗。"});
        world.client_comes();
        world.library.let_go(1);
    });
    world.until_closed(1);
    world.play();
    expect_equal(the_poem, world.poem_of(1), "poem 2\n");
}
