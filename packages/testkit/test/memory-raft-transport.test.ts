import { MemoryRaftNetwork, type Message, type RaftTransport, type RaftTransportEvents } from "@lattice/raft";
import { describeRaftTransport, raftTransportChecks, type RaftTransportUnderTest } from "@lattice/testkit";
import { describe, expect, it } from "vitest";

/** `alter`: what becomes of a transport on its way to the suite. */
function memoryUnderTest(
  alter: (transport: RaftTransport) => RaftTransport = (each) => each,
): RaftTransportUnderTest {
  return {
    open: async () => {
      const network = new MemoryRaftNetwork();
      return {
        join: async (id, events) => alter(network.join(id, events)),
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

describeRaftTransport("MemoryRaftNetwork", memoryUnderTest());

/** A transport that does something else with what it is to send. */
function sending(
  change: (message: Message, send: (message: Message) => void) => void,
): RaftTransportUnderTest {
  return memoryUnderTest((transport) => ({
    send: (message) => change(message, (each) => transport.send(each)),
    close: () => transport.close(),
    [Symbol.asyncDispose]: () => transport.close(),
  }));
}

/** A network on which everybody hears everything. */
function gossiping(): RaftTransportUnderTest {
  return {
    open: async () => {
      const network = new MemoryRaftNetwork();
      const all: RaftTransportEvents[] = [];
      return {
        join: async (id, events) => {
          all.push(events);
          const received = (message: Message) => all.forEach((each) => each.received(message));
          return network.join(id, { ...events, received });
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

describe("the suite refuses a transport that", () => {
  it.each([
    [
      "changes a message",
      "carries every kind of message as it is",
      sending((message, send) =>
        send(message.type === "heartbeat" ? { ...message, round: 1 + message.round } : message),
      ),
    ],
    ["gives messages to others too", "gives a message to nobody but whom it is for", gossiping()],
    [
      "throws where nobody is there",
      "sends to nobody without harm",
      sending((message, send) => {
        if (message.to > 3) throw new Error("who is that?");
        send(message);
      }),
    ],
  ])("%s", async (_, check, under) => {
    await expect(raftTransportChecks[check]!(under)).rejects.toThrow();
  });
});
