import { defineConfig } from "vitest/config";
import { selectSuites, type Selection } from "./test/aws/select-suites.ts";

export default defineConfig(() => {
  const { suites, leftOut } = select();
  return {
    test: {
      include: suites.map(({ file }) => `test/aws/suites/${file}`),
      env: standIns(),
      reporters: ["default", { onTestRunEnd: () => tell(leftOut) }],
      testTimeout: 60_000,
      hookTimeout: 120_000,
    },
  };
});

function select(): Selection {
  try {
    return selectSuites(process.env);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

/** Emulators take any credentials, though the SDK sends nothing without some; a real account brings its own. */
function standIns(): Record<string, string> {
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID, CARILLON_TEST_REAL } = process.env;
  return {
    ...(AWS_REGION === undefined && { AWS_REGION: AWS_DEFAULT_REGION ?? "us-east-1" }),
    ...(CARILLON_TEST_REAL !== "1" &&
      AWS_ACCESS_KEY_ID === undefined && { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" }),
  };
}

function tell(leftOut: readonly string[]): void {
  if (leftOut.length > 0) console.log(`Left out:\n${leftOut.map((line) => `  ${line}`).join("\n")}`);
}
