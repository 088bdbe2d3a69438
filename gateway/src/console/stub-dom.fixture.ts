/** As much of an element as the page's drawings use. */
export class StubElement {
  readonly tag: string;
  readonly attributes = new Map<string, string>();
  readonly listeners = new Map<string, () => void>();
  children: readonly StubElement[] = [];
  textContent = '';
  open = false;
  readonly clientWidth = 400;

  constructor(tag: string) {
    this.tag = tag;
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  append(...more: readonly (StubElement | string)[]): void {
    for (const one of more) {
      if (typeof one === 'string') this.textContent += one;
      else this.children = [...this.children, one];
    }
  }

  replaceChildren(...children: readonly StubElement[]): void {
    this.children = children;
  }

  addEventListener(type: string, listener: () => void): void {
    this.listeners.set(type, listener);
  }

  showModal(): void {
    this.open = true;
  }

  number(name: string): number {
    return Number(this.attributes.get(name));
  }

  /** It and what is in it, in their order, of this class. */
  all(className: string): readonly StubElement[] {
    const own = this.attributes.get('class') === className ? [this] : [];
    return [...own, ...this.children.flatMap((child) => child.all(className))];
  }

  /** What a pointer is told that rests on it. */
  get title(): string | undefined {
    return this.children.find(({ tag }) => tag === 'title')?.textContent;
  }
}

/** A document that has every element it is asked for. */
export class StubDocument {
  readonly #byId = new Map<string, StubElement>();

  createElement(tag: string): StubElement {
    return new StubElement(tag);
  }

  createElementNS(_namespace: string, tag: string): StubElement {
    return new StubElement(tag);
  }

  getElementById(id: string): StubElement {
    const element = this.#byId.get(id) ?? new StubElement('div');
    this.#byId.set(id, element);
    return element;
  }
}
