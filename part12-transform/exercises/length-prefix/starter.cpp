// transformedpoetry - a server that transforms poems: one request per connection, as a netstring on
// one port, as a string with a length prefix on the other.
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/netstring.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/lower_case.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// The service -------------------------------------------------------------------------------------

// Knows about poems and transforms, and nothing about connections.
class TransformService {
  public:
    // The transformed poem; none if there is no transform of that name.
    std::optional<std::string> transform(const std::string& name, const std::string& poem) const {
        const auto found = transforms_.find(name);
        if (found == transforms_.end())
            return std::nullopt;
        return std::invoke(found->second, this, poem);
    }

    std::string cummingsify(const std::string& poem) const { return twist::lower_case(poem); }

  private:
    using Transform = std::string (TransformService::*)(const std::string& poem) const;
    const std::map<std::string, Transform> transforms_{
        {"cummingsify", &TransformService::cummingsify}};
};

// Framing -----------------------------------------------------------------------------------------

// Receives whole strings, as NetstringReceiver does. Here each string begins with its length in
// four bytes, the highest first, and nothing follows it.
class Int32StringReceiver : public twist::Protocol {
  public:
    static constexpr std::size_t max_length = 99'999; // a longer string closes the connection
    static constexpr std::size_t prefix_length = 4;

    // Gets one whole string.
    virtual void string_received(std::string string) = 0;

    void send_string(std::string_view string) {
        // TODO: send its length first.
        transport()->write(string);
    }

    void data_received(std::string_view /*data*/) final {
        // TODO: call string_received with each complete string; keep the rest.
    }
};

// The requests ------------------------------------------------------------------------------------

template <class StringReceiver>
class TransformProtocol : public StringReceiver {
  public:
    explicit TransformProtocol(const TransformService& service) : service_(service) {}

    void string_received(std::string request) override {
        const std::size_t dot = request.find('.');
        if (dot == std::string::npos)
            return this->transport()->lose_connection();
        xform_request_received(request.substr(0, dot), request.substr(dot + 1));
    }

  private:
    void xform_request_received(const std::string& name, const std::string& poem) {
        if (const auto transformed = service_.transform(name, poem))
            this->send_string(*transformed);
        this->transport()->lose_connection();
    }

    const TransformService& service_;
};

template <class StringReceiver>
class TransformFactory : public twist::ServerFactory {
  public:
    explicit TransformFactory(std::shared_ptr<const TransformService> service)
        : service_(std::move(service)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override {
        return std::make_unique<TransformProtocol<StringReceiver>>(*service_);
    }

  private:
    const std::shared_ptr<const TransformService> service_;
};

using Service = std::shared_ptr<const TransformService>;
using Server = std::shared_ptr<twist::ServerFactory>;

Service transform_service() {
    return std::make_shared<const TransformService>();
}

Server netstring_server(Service service) {
    return std::make_shared<TransformFactory<twist::NetstringReceiver>>(std::move(service));
}

Server int32_string_server(Service service) {
    return std::make_shared<TransformFactory<Int32StringReceiver>>(std::move(service));
}

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::uint16_t int32_port = 0;
    std::string iface = "localhost";
    twist::CommandLine command_line("[options]", "Transforms the poems that clients send.");
    command_line.option("port", port, "the port for netstrings (default: any free one)");
    command_line.option("int32-port", int32_port, "the other port (default: any free one)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    command_line.parse_options(argc, argv);

    twist::Reactor reactor;
    const Service service = transform_service();
    const auto netstrings = twist::listen_tcp(reactor, {iface, port}, netstring_server(service));
    const auto int32_strings =
        twist::listen_tcp(reactor, {iface, int32_port}, int32_string_server(service));
    std::cout << "Serving netstrings on " << netstrings->get_host() << ".\n"
              << "Serving strings with a length prefix on " << int32_strings->get_host() << '.'
              << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
