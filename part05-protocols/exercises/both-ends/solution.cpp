// both-ends - in which order do both sides of a connection learn of its end?
#include <iostream>
#include <string>
#include <vector>

using Lines = std::vector<std::string>;

// The server's connection_made writes a poem and calls lose_connection.
Lines server_closes() {
    return {
        "server: lose_connection has returned",
        "server: connection_lost, ConnectionDone",
        "client: data_received",
        "client: connection_lost, ConnectionDone",
        "client's factory: client_connection_lost",
    };
}

// The server writes a poem. The client's data_received calls lose_connection.
Lines client_closes() {
    return {
        "client: data_received",
        "client: lose_connection has returned",
        "client: connection_lost, ConnectionDone",
        "client's factory: client_connection_lost",
        "server: connection_lost, ConnectionDone",
    };
}

// The server writes a poem. The client's data_received writes thanks and calls abort_connection.
Lines client_aborts() {
    return {
        "client: data_received",
        "client: abort_connection has returned",
        "client: connection_lost, ConnectionAborted",
        "client's factory: client_connection_lost",
        "server: connection_lost, ConnectionLost",
    };
}

int main() {
    std::cout << "This is your order. To compare it with a run: ./tour check 5/both-ends\n";
    for (const auto& conversation : {server_closes, client_closes, client_aborts}) {
        std::cout << '\n';
        for (const std::string& line : conversation())
            std::cout << line << '\n';
    }
}
