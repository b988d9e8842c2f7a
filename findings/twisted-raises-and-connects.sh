#!/bin/sh
# Twisted: connectTCP raises an exception, and connects anyway.
#
# An exception from startedConnecting leaves connectTCP. That looks as if there were no attempt: the
# caller has no connector, and nothing says that there is one. But the attempt continues. Next turn
# the factory builds a protocol with an open connection.
# (An exception from startFactory leaves connectTCP, too, and then nothing connects.)
#
#   Twisted 22.4.0 (Debian 12)     startedConnecting: ValueError came out; connected: True
#                                  startFactory: ValueError came out; connected: False
#
# Needs a Debian 12: apt-get, dpkg, python3.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
apt-get download -q python3-twisted=22.4.0-4+deb12u1 python3-zope.interface python3-incremental \
    python3-constantly python3-automat python3-hyperlink python3-attr \
    python3-idna >/dev/null 2>&1
for package in *.deb; do dpkg -x "$package" root; done

cat >try.py <<'END'
from twisted.internet import protocol, reactor


class Client(protocol.ClientFactory):
    noisy = False
    protocol = protocol.Protocol
    built = False

    def buildProtocol(self, address):
        self.built = True
        return super().buildProtocol(address)


def boom(*_):
    raise ValueError("boom")


def attempt(name):
    client = Client()
    setattr(client, name, boom)
    try:
        reactor.connectTCP("127.0.0.1", port.getHost().port, client)
        said = "nothing"
    except ValueError:
        said = "ValueError"
    return name, said, client


server = protocol.Factory.forProtocol(protocol.Protocol)
server.noisy = False
port = reactor.listenTCP(0, server, interface="127.0.0.1")
attempts = []
reactor.callWhenRunning(
    lambda: attempts.extend(map(attempt, ("startedConnecting", "startFactory"))))
reactor.callLater(1, reactor.stop)
reactor.run()
for name, said, client in attempts:
    print(f"{name}: {said} came out; connected: {client.built}")
END
seen=$(PYTHONPATH=$place/root/usr/lib/python3/dist-packages /usr/bin/python3 try.py)
echo "$seen"
[ "$seen" = "startedConnecting: ValueError came out; connected: True
startFactory: ValueError came out; connected: False" ]
