#include "twist/async/threads.hpp"

namespace twist {

namespace {
struct OwnPool {
    explicit OwnPool(Reactor& reactor) : pool(reactor) {
        reactor.add_system_event_trigger(Reactor::Shutdown::during, [this] { pool.finish(); });
    }
    ThreadPool pool;
};
constexpr auto no_thread = std::errc::resource_unavailable_try_again;
} // namespace

ThreadPool& thread_pool(Reactor& reactor) {
    return reactor.extension<OwnPool>().pool;
}

NoThreadError::NoThreadError()
    : SystemError(
          "The system has no thread for this: " + describe(std::make_error_code(no_thread)) + ".",
          std::make_error_code(no_thread)) {}

} // namespace twist
