/** The Metrics port. Names are `snake_case` with the unit last; dimensions come from small fixed sets, never ids. */
export interface Metrics {
  count(name: string, dimensions?: Dimensions, value?: number): void;
  /** Records one duration or size into a distribution. */
  observe(name: string, value: number, dimensions?: Dimensions): void;
  /** Sets a level. */
  gauge(name: string, value: number, dimensions?: Dimensions): void;
}

export type Dimensions = Readonly<Record<string, string>>;
