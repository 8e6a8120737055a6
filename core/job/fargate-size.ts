/** What Fargate offers with one size of processor, all in MB. */
interface MemoryRange {
  readonly least: number;
  readonly most: number;
  /** Steps between, from `least`. */
  readonly step: number;
}

/**
 * Memory by CPU units. The smallest size has 512 MB besides its range.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
 */
const SIZES: ReadonlyMap<number, MemoryRange> = new Map([
  [256, { least: 1_024, most: 2_048, step: 1_024 }],
  [512, { least: 1_024, most: 4_096, step: 1_024 }],
  [1_024, { least: 2_048, most: 8_192, step: 1_024 }],
  [2_048, { least: 4_096, most: 16_384, step: 1_024 }],
  [4_096, { least: 8_192, most: 30_720, step: 1_024 }],
  [8_192, { least: 16_384, most: 61_440, step: 4_096 }],
  [16_384, { least: 32_768, most: 122_880, step: 8_192 }],
]);

const SMALLEST = { cpu: 256, memoryMb: 512 };

/**
 * Checks that Fargate has a pair of processor and memory.
 *
 * @returns the field that is wrong and the rule, or `undefined`
 */
export function checkFargateSize({
  cpu,
  memoryMb,
}: {
  readonly cpu: number;
  readonly memoryMb: number;
}): { readonly field: "cpu" | "memoryMb"; readonly rule: string } | undefined {
  const range = SIZES.get(cpu);
  if (range === undefined) return { field: "cpu", rule: `cpu must be one of ${[...SIZES.keys()].join(", ")}` };
  if (cpu === SMALLEST.cpu && memoryMb === SMALLEST.memoryMb) return undefined;
  const { least, most, step } = range;
  if (memoryMb >= least && memoryMb <= most && (memoryMb - least) % step === 0) return undefined;
  const smallest = cpu === SMALLEST.cpu ? `${SMALLEST.memoryMb}, or ` : "";
  return {
    field: "memoryMb",
    rule: `with cpu ${cpu} it must be ${smallest}from ${least} to ${most} in steps of ${step}`,
  };
}
