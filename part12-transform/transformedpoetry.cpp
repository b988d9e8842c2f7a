// transformedpoetry - a server that transforms poems: one request per connection, as a netstring.
// Answers twisted-server-1/transformedpoetry.py
#include "twist/loop/reactor.hpp"
#include "twist/net/address.hpp"
#include "twist/net/netstring.hpp"
#include "twist/net/port.hpp"
#include "twist/net/protocol.hpp"
#include "twist/program/command_line.hpp"
#include "twist/program/lower_case.hpp"

#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
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

// The protocol ------------------------------------------------------------------------------------

class TransformFactory : public twist::ServerFactory {
  public:
    explicit TransformFactory(std::shared_ptr<const TransformService> the_service)
        : service(std::move(the_service)) {}

    std::unique_ptr<twist::Protocol> build_protocol(const twist::Address&) override;

    const std::shared_ptr<const TransformService> service;
};

class TransformProtocol : public twist::NetstringReceiver {
  public:
    explicit TransformProtocol(TransformFactory& factory) : factory_(factory) {}

    void string_received(std::string request) override {
        const std::size_t dot = request.find('.');
        if (dot == std::string::npos)
            return transport()->lose_connection();
        xform_request_received(request.substr(0, dot), request.substr(dot + 1));
    }

  private:
    void xform_request_received(const std::string& name, const std::string& poem) {
        if (const auto transformed = factory_.service->transform(name, poem))
            send_string(*transformed);
        transport()->lose_connection();
    }

    TransformFactory& factory_;
};

std::unique_ptr<twist::Protocol> TransformFactory::build_protocol(const twist::Address&) {
    return std::make_unique<TransformProtocol>(*this);
}

int poetry_main(int argc, char* argv[]) {
    std::uint16_t port = 0;
    std::string iface = "localhost";
    twist::CommandLine command_line("[options]", "Transforms the poems that clients send.");
    command_line.option("port", port, "the port to listen on (default: any free one)");
    command_line.option("iface", iface, "the interface to listen on (default: localhost)");
    command_line.parse_options(argc, argv);

    twist::Reactor reactor;
    const auto service = std::make_shared<const TransformService>();
    const auto factory = std::make_shared<TransformFactory>(service);
    const auto listener = twist::listen_tcp(reactor, {iface, port}, factory);
    std::cout << "Serving transforms on " << listener->get_host() << '.' << std::endl;
    reactor.run();
    return 0;
}

int main(int argc, char* argv[]) {
    return twist::run_program(argc, argv, poetry_main);
}
