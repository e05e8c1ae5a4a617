"""What a program in Python does with Debian's python3-etcd3: `python3 python_etcd3.py HOST PORT`. It prints what it sees."""

import sys
import threading

import etcd3

client = etcd3.client(host=sys.argv[1], port=int(sys.argv[2]))


def tell(what, value):
    print(f"{what}: {value!r}", flush=True)


def error_of(doing):
    try:
        doing()
        return "no error"
    except Exception as error:  # Whatever it is, it is told.
        return type(error).__name__


def keys():
    client.put("p/a", "1")
    client.put("p/b", b"\x01\x02\xff")
    value, meta = client.get("p/a")
    tell("get", (value, meta.key, meta.version, meta.create_revision, meta.mod_revision))
    tell("get nothing", client.get("p/none"))
    tell("bytes", client.get("p/b")[0])
    tell("all", [value for value, _ in client.get_prefix("p/")])
    tell("descending", [meta.key for _, meta in client.get_prefix("p/", sort_order="descend", sort_target="key")])
    tell("range", [meta.key for _, meta in client.get_range("p/a", "p/b")])
    tell("put if absent", (client.put_if_not_exists("p/a", "2"), client.put_if_not_exists("p/c", "3")))
    tell("replace", (client.replace("p/a", "1", "4"), client.replace("p/a", "1", "5")))
    tell("delete", (client.delete("p/b"), client.delete("p/b")))
    tell("delete all", client.delete_prefix("p/").deleted)
    tell("empty key", error_of(lambda: client.put("", "x")))


def transactions():
    client.put("t/a", "1")
    done, responses = client.transaction(
        compare=[client.transactions.value("t/a") == "1", client.transactions.version("t/a") > 0],
        success=[client.transactions.put("t/a", "2"), client.transactions.get("t/a")],
        failure=[client.transactions.delete("t/a")],
    )
    tell("done", (done, len(responses)))
    done, _ = client.transaction(
        compare=[client.transactions.create("t/a") == 0],
        success=[],
        failure=[client.transactions.delete("t/a")],
    )
    tell("else", (done, client.get("t/a")[0]))


def watching():
    seen = []
    done = threading.Event()

    def note(response):
        for event in response.events:
            seen.append((type(event).__name__, event.key, event.value))
        if len(seen) >= 3:
            done.set()

    watch = client.add_watch_prefix_callback("w/", note)
    client.put("w/1", "x")
    client.put("w/2", "y")
    client.delete("w/1")
    done.wait(30)
    client.cancel_watch(watch)
    tell("seen", seen)
    events, cancel = client.watch("w/2", start_revision=1)
    event = next(iter(events))
    cancel()
    tell("from the start", (event.key, event.value))


def leases():
    lease = client.lease(100)
    client.put("l/1", "leased", lease=lease)
    tell("leased", (client.get("l/1")[0], lease.granted_ttl, lease.keys))
    tell("refreshed", [answer.TTL for answer in lease.refresh()])
    lease.revoke()
    tell("revoked", client.get("l/1")[0])


def locks():
    held = client.lock("lock", ttl=20)
    tell("acquired", held.acquire(timeout=10))
    tell("held", held.is_acquired())
    tell("released", (held.release(), held.is_acquired()))
    # Waiting for one that is held fails in the library itself, with the version of tenacity that Debian has.
    other = client.lock("lock", ttl=20)
    tell("another", other.acquire(timeout=10))
    other.release()


def maintenance():
    tell("members", sorted(member.name for member in client.members))
    status = client.status()
    tell("status", (status.leader.name, status.raft_term > 0, status.db_size > 0))
    tell("hash", isinstance(client.hash(), int))
    tell("alarms", list(client.list_alarms()))
    client.compact(5)
    tell("compacted", error_of(lambda: client.compact(4)))
    client.defragment()


keys()
transactions()
watching()
leases()
locks()
maintenance()
