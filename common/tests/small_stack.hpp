// For tests: runs code that must not grow the stack on a small stack, where recursion would crash.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <stdexcept>
#include <utility>

#include <pthread.h>

namespace twist {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr int very_many = 100'000; // a sanitizer is slower, and its frames are larger
inline constexpr std::size_t small_stack = 1024 * 1024;
#else
inline constexpr int very_many = 1'000'000;
inline constexpr std::size_t small_stack = 256 * 1024;
#endif

/// Runs `f` in a thread with a small stack and waits for it. Throws the exception of `f`.
inline void on_small_stack(std::function<void()> f) {
    struct Job {
        std::function<void()> f;
        std::exception_ptr error;
    } job{std::move(f), nullptr};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, small_stack);
    pthread_t thread;
    const auto run = [](void* argument) -> void* {
        auto& mine = *static_cast<Job*>(argument);
        try {
            mine.f();
        } catch (...) {
            mine.error = std::current_exception();
        }
        return nullptr;
    };
    const int error = pthread_create(&thread, &attributes, run, &job);
    pthread_attr_destroy(&attributes);
    if (error != 0)
        throw std::runtime_error("on_small_stack: no thread");
    pthread_join(thread, nullptr);
    if (job.error)
        std::rethrow_exception(job.error);
}

} // namespace twist
