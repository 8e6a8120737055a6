import { RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, Billing, type ITableV2, TableEncryptionV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { allow, deny } from "../permissions.ts";

/** What the Table port needs: each single write is an update. Neither scans nor transactions, nothing that changes the table itself. */
const USE = [
  "dynamodb:GetItem",
  "dynamodb:BatchGetItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
  "dynamodb:DeleteItem",
  "dynamodb:BatchWriteItem",
];

/** The partition of the access tokens: `keys.tokens` of the store. */
const TOKENS = "tokens";

/** As long as DynamoDB keeps them. */
const RECOVERY_DAYS = 35;

/** The one table that holds everything Carillon knows. */
export class StateTable extends Construct {
  readonly table: ITableV2;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new TableV2(this, "Table", {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      billing: Billing.onDemand(),
      // A key of one's own is billed by the month.
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: RECOVERY_DAYS },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  grantUse(grantee: IGrantable): Grant {
    return this.table.grant(grantee, ...USE);
  }

  /** To do without tokens, for those who have no business with them: `grantUse` would let them make an admin token. */
  denyTokens(grantee: IGrantable): void {
    deny(grantee, {
      actions: USE,
      resources: [this.table.tableArn],
      // Any: a batch may name a token among other keys.
      conditions: { "ForAnyValue:StringEquals": { "dynamodb:LeadingKeys": [TOKENS] } },
    });
  }

  /** To look one token up by its id, and nothing else. */
  grantTokenCheck(grantee: IGrantable): void {
    this.#allowOnTokens(grantee, ["dynamodb:GetItem"]);
  }

  /** To list tokens and add one. */
  grantTokenCreation(grantee: IGrantable): void {
    this.#allowOnTokens(grantee, ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]);
  }

  #allowOnTokens(grantee: IGrantable, actions: readonly string[]): void {
    allow(grantee, {
      actions,
      resources: [this.table.tableArn],
      conditions: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": [TOKENS] } },
    });
  }
}
