/** The fields that one side has told the other to remember, the newest first (RFC 7541 §2.3.2, §4). */
import { fieldBytes, type HeaderField } from "./header-field.ts";

export class DynamicTable {
  /** The oldest first, from `#oldest` on: what lies before it is forgotten, and is moved away from time to time. */
  #fields: HeaderField[] = [];
  #oldest = 0;
  #bytes = 0;
  #bytesMax: number;
  #insertCount = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#fields.length - this.#oldest;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** Changes with every change of the table that moves a field. */
  get insertCount(): number {
    return this.#insertCount;
  }

  /** 0 is the newest. */
  get(index: number): HeaderField | undefined {
    return index < this.count ? this.#fields[this.#fields.length - 1 - index] : undefined;
  }

  /** What is larger than the table empties it, and is no error (§4.4). */
  add(field: HeaderField): void {
    const bytes = fieldBytes(field);
    this.#insertCount += 1;
    this.#evictTo(this.#bytesMax - bytes);
    if (bytes > this.#bytesMax) return;
    this.#fields.push(field);
    this.#bytes += bytes;
  }

  resize(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    this.#evictTo(bytesMax);
  }

  #evictTo(bytes: number): void {
    while (this.#bytes > bytes && this.count > 0) {
      this.#bytes -= fieldBytes(this.#fields[this.#oldest++]!);
    }
    if (this.#oldest > this.count + MOVE_AT) {
      this.#fields = this.#fields.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}

const MOVE_AT = 128;
