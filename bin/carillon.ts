import { App } from "aws-cdk-lib";
import { configuration } from "../carillon.config.ts";
import { bundleFunctions } from "../functions/bundle.ts";
import { addCarillon } from "../lib/carillon.ts";
import { bundlesFrom } from "../lib/functions/bundles.ts";
import { ConfigurationError, readConfiguration } from "../lib/read-configuration.ts";

/** The CDK app: what `cdk synth` and `cdk deploy` start. The configuration is checked before anything is built. */
const checked = checkedConfiguration();
const bundles = bundlesFrom(await bundleFunctions("dist/functions", { tracing: checked.tracing }));
const app = new App();
addCarillon(app, { configuration: checked, bundles });
app.synth();

/** Faults are told in lines of their own: where in the code they were found is nobody's concern. */
function checkedConfiguration() {
  try {
    return readConfiguration(configuration);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
