// Failure and Result; 53 to 56.
#include <filesystem>
#include <ios>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <doctest/doctest.h>

#include "twist/base/error.hpp"
#include "twist/base/failure.hpp"
#include "twist/base/result.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/loop/error.hpp"
#include "twist/net/error.hpp"

using namespace twist;

namespace {
struct GibberishError : Exception {
    using Exception::Exception;
};
struct NoException {};
} // namespace

TEST_CASE("53: check returns the first type that matches, bases included, and never throws") {
    const Failure refused{
        ConnectionRefusedError(std::make_error_code(std::errc::connection_refused))};
    CHECK(refused.check<ConnectionRefusedError>() == &typeid(ConnectionRefusedError));
    CHECK(refused.check<ConnectError>() == &typeid(ConnectError));
    CHECK(refused.check<DNSLookupError, ConnectError, std::exception>() == &typeid(ConnectError));
    CHECK(refused.check<DNSLookupError>() == nullptr);
    CHECK(Failure(5).check<int>() == &typeid(int));
    CHECK(Failure(5).check<std::exception, long>() == nullptr);
}

TEST_CASE("54: trap returns the type, or throws the exception again") {
    const Failure failure{GibberishError("blah")};
    CHECK(failure.trap<ConnectError, Exception>() == typeid(Exception));
    CHECK_THROWS_WITH_AS(failure.trap<ConnectError>(), "blah", GibberishError);
    CHECK_THROWS_AS(Failure(5).trap<Exception>(), int);
}

TEST_CASE("value returns the exception, even as its base, or throws it again like trap") {
    const Failure failure{GibberishError("blah")};
    CHECK(failure.value<GibberishError>().what() == std::string("blah"));
    CHECK(failure.value<Exception>().what() == std::string("blah"));
    CHECK(Failure(5).value<int>() == 5);
    CHECK_THROWS_WITH_AS(failure.value<ConnectionDone>(), "blah", GibberishError);
}

TEST_CASE("55: a failure prints its type and its message") {
    std::ostringstream out;
    out << Failure(GibberishError("blah"));
    CHECK(out.str() == "[Failure: GibberishError: blah]");
    CHECK(Failure(CancelledError()).text() == "[Failure: CancelledError]");
    CHECK(Failure(5).text() == "[Failure: int: 5]");
    CHECK(Failure("bare").message() == "bare");
    CHECK(Failure(std::string("bare")).text() == "[Failure: std::string: bare]");
    CHECK(Failure(std::runtime_error("x")).text() == "[Failure: std::runtime_error: x]");
    CHECK(Failure(NoException()).text() == "[Failure: NoException]");
    CHECK(Failure(ConnectionRefusedError({111, std::system_category()})).text() ==
          "[Failure: ConnectionRefusedError: Connection was refused by other side: "
          "111: Connection refused.]");
}

TEST_CASE("a type is named as a learner writes it, with any standard library") {
    CHECK(type_name(typeid(GibberishError)) == "GibberishError");
    CHECK(type_name(typeid(Result<int>)) == "twist::Result<int>");
    CHECK(type_name(typeid(unsigned)) == "unsigned int");
    CHECK(type_name(typeid(std::string)) == "std::string");
    CHECK(type_name(typeid(std::vector<std::string>)) == "std::vector<std::string>");
    CHECK(type_name(typeid(std::map<int, std::list<std::string>>)) ==
          "std::map<int, std::list<std::string>>");
    CHECK(type_name(typeid(std::unique_ptr<std::set<int>>)) == "std::unique_ptr<std::set<int>>");
    CHECK(type_name(typeid(std::system_error)) == "std::system_error");
    CHECK(type_name(typeid(std::ios_base::failure)) == "std::ios_base::failure");
    CHECK(type_name(typeid(std::filesystem::path)) == "std::filesystem::path");
}

TEST_CASE("a failure knows the exact type of its exception, however it was made") {
    const GibberishError error("blah");
    const Exception& base = error;
    CHECK(Failure(error).type() == typeid(GibberishError));
    CHECK(Failure(base).type() == typeid(Exception)); // sliced to an Exception
    CHECK(Failure(std::make_exception_ptr(error)).type() == typeid(GibberishError));
    try {
        throw error;
    } catch (const Exception&) {
        CHECK(Failure().type() == typeid(GibberishError));
        CHECK(Failure(std::current_exception()).type() == typeid(GibberishError));
    }
}

TEST_CASE("if copying an exception throws, the new exception counts") {
    struct Uncopyable {
        Uncopyable() = default;
        Uncopyable(const Uncopyable& other) : copies(other.copies + 1) {
            if (copies > 1)
                throw 5;
        }
        int copies = 0;
    };
    const Failure failure{Uncopyable()};
    CHECK(failure.type() == typeid(int));
    CHECK(failure.value<int>() == 5);
    CHECK_THROWS_AS(failure.value<Uncopyable>(), int);
}

TEST_CASE("56: Failure() is the exception that is being caught; there must be one") {
    CHECK_THROWS_AS(Failure(), NoCurrentExceptionError);
    try {
        throw GibberishError("caught");
    } catch (...) {
        CHECK(Failure().text() == "[Failure: GibberishError: caught]");
    }
}

TEST_CASE("5: a copy of a failure is the same exception") {
    const Failure failure{Exception("one")};
    const Failure copy = failure;
    CHECK(copy == failure);
    CHECK_FALSE(Failure(Exception("one")) == failure);
    CHECK(connection_done() == connection_done());
    try {
        failure.raise();
    } catch (...) {
        CHECK(Failure() == failure);
    }
}

TEST_CASE("a result is a value or a failure") {
    Result<std::string> poem = "short";
    CHECK(poem);
    CHECK(poem.value() == "short");

    const Result<std::string> none = Failure(GibberishError("blah"));
    CHECK(none.is_failure());
    CHECK(none.failure().message() == "blah");
    CHECK_THROWS_AS(none.value(), GibberishError);

    CHECK_FALSE(Result<void>().is_failure());
    CHECK(Result<void>(Failure(5)).is_failure());

    Result<std::unique_ptr<int>> movable = std::make_unique<int>(3);
    CHECK(*std::move(movable).value() == 3);
}

TEST_CASE("the system's error number is kept") {
    const SystemError error("no", {2, std::system_category()});
    CHECK(error.code() == std::errc::no_such_file_or_directory);
    CHECK(describe(error.code()) == "2: No such file or directory");
    CHECK(Failure(ConnectError({110, std::system_category()})).text() ==
          "[Failure: ConnectError: An error occurred while connecting: "
          "110: Connection timed out.]");
}
