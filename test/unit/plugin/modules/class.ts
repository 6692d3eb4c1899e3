/** A plugin that is an object of a class: its method needs its `this`. */
class Counter {
  readonly name = 'counter';
  #found = 1;
  async discover() {
    const elements = { found: String(this.#found) };
    return { features: { flags: {}, attributes: { count: { elements } }, instances: {} }, labels: {} };
  }
}

export default () => new Counter();
