"""Poetry servers and a poetry client on the real Twisted, for test_twisted.py to pair with ours.

    twisted_peers.py fast FILE                 serves the poem all at once
    twisted_peers.py slow FILE                 serves ten bytes in each turn of the reactor
    twisted_peers.py proxy PORT                fetches once, then serves from its cache
    twisted_peers.py get PORT...               prints the poems, one after the other
    twisted_peers.py transform                 offers one transform, cummingsify
    twisted_peers.py ask PORT REQUEST          asks a transform server, prints the reply

The servers choose a port and print "Serving on port N." when they are ready.
"""

import sys

from twisted.internet import defer, protocol, reactor
from twisted.protocols.basic import NetstringReceiver


class Serve(protocol.Protocol):
    """Sends the result of the factory's `poem`, now or later."""

    def connectionMade(self):
        self.factory.poem().addCallbacks(self.send, lambda _: self.transport.loseConnection())

    def send(self, poem):
        """Sends everything at once."""
        self.transport.write(poem)
        self.transport.loseConnection()


class ServeSlowly(Serve):
    """Sends ten bytes in each turn."""

    def send(self, poem):
        self.transport.write(poem[:10])
        if len(poem) > 10:
            reactor.callLater(0, self.send, poem[10:])
        else:
            self.transport.loseConnection()


class Fetch(protocol.Protocol):
    """Collects a poem until the server closes."""

    def __init__(self):
        self.poem = b""

    def dataReceived(self, data):
        self.poem += data

    def connectionLost(self, reason):
        self.factory.done.callback(self.poem)


def get_poetry(port):
    """A Deferred for the poem that is served at this port."""
    factory = protocol.ClientFactory.forProtocol(Fetch)
    factory.done = defer.Deferred()
    factory.clientConnectionFailed = lambda _, reason: factory.done.errback(reason)
    reactor.connectTCP("127.0.0.1", port, factory)
    return factory.done


class Transform(NetstringReceiver):
    """Cummingsifies, and does nothing else."""

    def stringReceived(self, request):
        name, _, poem = request.partition(b".")
        if name == b"cummingsify":
            self.sendString(poem.decode().lower().encode())
        self.transport.loseConnection()


class Ask(NetstringReceiver):
    """Sends the factory's request, and prints what comes back."""

    def connectionMade(self):
        self.sendString(self.factory.request)

    def stringReceived(self, reply):
        sys.stdout.buffer.write(reply)

    def connectionLost(self, reason):
        reactor.stop()


class Cache:
    """Fetches a poem for its first client."""

    def __init__(self, port):
        self.port, self.cached = port, None

    def poem(self):
        """A Deferred for the poem."""
        if self.cached is not None:
            return defer.succeed(self.cached)
        return get_poetry(self.port).addCallback(self.keep)

    def keep(self, poem):
        """Stores the poem."""
        self.cached = poem
        return poem


def listen(kind, poem=None):
    """Serves, and prints the port."""
    factory = protocol.ServerFactory.forProtocol(kind)
    factory.poem = poem
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    print(f"Serving on port {port.getHost().port}.", flush=True)
    reactor.run()


def fetch_all(ports):
    """Prints the poems in the order of the ports."""
    def show(results):
        for good, poem in results:
            if good:
                sys.stdout.buffer.write(poem)
        reactor.stop()

    reactor.callWhenRunning(
        lambda: defer.DeferredList([get_poetry(port) for port in ports]).addCallback(show))
    reactor.run()


def ask(port, request):
    """Sends a request to a transform server."""
    factory = protocol.ClientFactory.forProtocol(Ask)
    factory.request = request.encode()
    reactor.connectTCP("127.0.0.1", port, factory)
    reactor.run()


def main(what, *arguments):
    """Runs what the command line names."""
    if what == "get":
        return fetch_all([int(port) for port in arguments])
    if what == "transform":
        return listen(Transform)
    if what == "ask":
        return ask(int(arguments[0]), arguments[1])
    if what == "proxy":
        return listen(Serve, Cache(int(arguments[0])).poem)
    with open(arguments[0], "rb") as file:
        poem = file.read()
    return listen(Serve if what == "fast" else ServeSlowly, lambda: defer.succeed(poem))


main(*sys.argv[1:])
