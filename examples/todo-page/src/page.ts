/**
 * The list: each item is a key of the store `todo`, and its value what stands there, such as `[x] bread`. Whoever
 * changes one, in this tab, in another or on another node, all pages that watch the store are told.
 */
import { methodsOfStore } from "@lattice/api/calling";
import { httpClient } from "@lattice/http-client";
import { kvstoreV1, KvStoreClient } from "@lattice/kvstore/client";

const PREFIX = "todo/";
const RETRY_MS = 1_000;
const { WatchEvent_Kind: Kind } = kvstoreV1;

// The node has served this page: calls go back there, and the browser's cookie says who asks.
const todos = methodsOfStore(httpClient(), { store: "todo", service: KvStoreClient });

const form = document.querySelector("form")!;
const input = document.querySelector("input")!;
const list = document.querySelector("ul")!;
const problem = document.querySelector("#problem")!;
const lines = new Map<string, Line>();

/** One item as it stands in the page. */
class Line {
  readonly #key: string;
  readonly #element = document.createElement("li");
  readonly #box = document.createElement("input");
  readonly #text = document.createElement("span");
  readonly #choices = document.createElement("div");

  constructor(key: string) {
    this.#key = key;
    this.#box.type = "checkbox";
    this.#box.onchange = () => doing(todos.put({ key: bytes(key), value: bytes(this.#value) }));
    this.#choices.className = "choices";
    const label = document.createElement("label");
    label.append(this.#box, " ", this.#text);
    const remove = button("Remove", () => todos.delete({ key: bytes(key) }));
    this.#element.append(label, remove, this.#choices);
    const next = [...lines.keys()].filter((each) => each > key).toSorted()[0];
    list.insertBefore(this.#element, next === undefined ? null : lines.get(next)!.#element);
  }

  get #value(): string {
    return `[${this.#box.checked ? "x" : " "}] ${this.#text.textContent}`;
  }

  show({ value, conflicted }: kvstoreV1.WatchEvent): void {
    const [, mark, text] = /^\[(x| )\] (.*)$/s.exec(textOf(value)) ?? ["", " ", textOf(value)];
    this.#box.checked = mark === "x";
    this.#text.textContent = text!;
    this.#choices.replaceChildren();
    if (conflicted) doing(this.#offerChoices());
  }

  /** Written by several at once, who did not know of each other: somebody has to say which it is. */
  async #offerChoices(): Promise<void> {
    const { heads } = await todos.inspect({ key: bytes(this.#key) });
    const choices = heads.map(({ hash, value }) =>
      button(value === undefined ? "removed" : textOf(value), () =>
        todos.resolve({ key: bytes(this.#key), head: hex(hash) }),
      ),
    );
    this.#choices.replaceChildren("Changed twice at once, keep: ", ...choices);
  }

  remove(): void {
    this.#element.remove();
  }
}

function button(text: string, onClick: () => Promise<unknown>): HTMLButtonElement {
  const element = document.createElement("button");
  element.textContent = text;
  element.onclick = () => doing(onClick());
  return element;
}

/** What goes wrong is said above the list. */
function doing(work: Promise<unknown>): void {
  work.then(
    () => (problem.textContent = ""),
    (error: Error) => (problem.textContent = error.message),
  );
}

function forget(key: string): void {
  lines.get(key)?.remove();
  lines.delete(key);
}

/** What is there comes first, then whatever changes. */
async function follow(): Promise<void> {
  let isAnew = true;
  for await (const event of todos.watch({ prefix: bytes(PREFIX) })) {
    if (isAnew || event.kind === Kind.GAP) for (const each of lines.keys()) forget(each);
    isAnew = false;
    const key = textOf(event.key);
    if (event.kind === Kind.READY) problem.textContent = "";
    if (event.kind === Kind.DELETE) forget(key);
    if (event.kind !== Kind.PUT) continue;
    if (!lines.has(key)) lines.set(key, new Line(key));
    lines.get(key)!.show(event);
  }
}

form.onsubmit = (event) => {
  event.preventDefault();
  const key = `${PREFIX}${new Date().toISOString()}-${crypto.randomUUID().slice(0, 8)}`;
  const added = todos.put({ key: bytes(key), value: bytes(`[ ] ${input.value}`), if: ["none"] });
  doing(added.then(() => (input.value = "")));
};

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}

function hex(value: Uint8Array): string {
  return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

for (;;) {
  await follow().catch((error: Error) => (problem.textContent = error.message));
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}
