/** A JSON value as a test reads it: any key may be there or not, and nothing throws. */
export class Peek {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  /** Reads JSON text. */
  static parse(text: string): Peek {
    return new Peek(JSON.parse(text));
  }

  /** The value under a path of keys; a missing one is a peek at undefined. */
  at(...keys: readonly (string | number)[]): Peek {
    let value = this.value;
    for (const key of keys) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
    return new Peek(value);
  }

  /** Whether there is a value other than null. */
  get given(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** Whether the key is there, be it null. */
  has(key: string): boolean {
    return typeof this.value === 'object' && this.value !== null && key in this.value;
  }

  /** The string, or an empty one for anything else. */
  get text(): string {
    return typeof this.value === 'string' ? this.value : '';
  }

  /** The number, or undefined for anything else. */
  get number(): number | undefined {
    return typeof this.value === 'number' ? this.value : undefined;
  }

  /** The elements of a list; anything else has none. */
  get list(): readonly Peek[] {
    return Array.isArray(this.value) ? this.value.map((element) => new Peek(element)) : [];
  }
}
