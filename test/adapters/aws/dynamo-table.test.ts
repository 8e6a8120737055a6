import { DynamoTable } from "../../../adapters/aws/dynamo-table.ts";
import { tableConformance } from "../../conformance/table-conformance.ts";
import { openDynalite } from "../../support/aws/dynalite.ts";

const dynalite = await openDynalite();

tableConformance(
  "DynamoTable",
  async () => new DynamoTable({ client: dynalite.client(), tableName: dynalite.tableName }),
);
