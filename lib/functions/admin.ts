import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import { adminVariables } from "../../functions/admin/environment.ts";
import type { StateTable } from "../storage/state-table.ts";
import { CarillonFunction, type FunctionDefaults } from "./carillon-function.ts";
import { environment } from "./environment.ts";

export interface AdminProps {
  readonly table: StateTable;
  readonly functions: FunctionDefaults;
}

/** Makes admin tokens, for whoever may invoke it: nothing does but people, by their own IAM rights. */
export class Admin extends Construct {
  readonly function: CarillonFunction;

  constructor(scope: Construct, id: string, { table, functions }: AdminProps) {
    super(scope, id);
    this.function = new CarillonFunction(this, "Function", {
      name: "admin",
      description: "Makes admin tokens, for those whom IAM lets invoke it",
      defaults: functions,
      memoryMb: 256,
      timeout: Duration.seconds(15),
      environment: environment(adminVariables, { table: table.table.tableName }),
    });
    table.grantTokenCreation(this.function);
  }
}
