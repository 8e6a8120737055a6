import { CfnBudget } from "aws-cdk-lib/aws-budgets";
import { Construct } from "constructs";
import type { Configuration } from "../configuration.ts";

export interface MonthlyBudgetProps {
  readonly installation: string;
  readonly budget: NonNullable<Configuration["budget"]>;
}

/** Writes when the month is expected to become dearer than this, and when four fifths of it are spent. */
const NOTICES = [
  { notificationType: "FORECASTED", threshold: 100 },
  { notificationType: "ACTUAL", threshold: 80 },
] as const;

/** A budget of Cost Explorer. It costs nothing, and stops nothing. */
export class MonthlyBudget extends Construct {
  constructor(scope: Construct, id: string, { installation, budget }: MonthlyBudgetProps) {
    super(scope, id);
    const { monthlyUsd, email, scope: counted } = budget;
    new CfnBudget(this, "Budget", {
      budget: {
        budgetName: `${installation}-monthly`,
        budgetType: "COST",
        timeUnit: "MONTHLY",
        budgetLimit: { amount: monthlyUsd, unit: "USD" },
        ...(counted === "installation" && {
          costFilters: { TagKeyValue: [`user:carillon:installation$${installation}`] },
        }),
      },
      notificationsWithSubscribers: NOTICES.map((notice) => ({
        notification: { ...notice, comparisonOperator: "GREATER_THAN", thresholdType: "PERCENTAGE" },
        subscribers: [{ subscriptionType: "EMAIL", address: email }],
      })),
    });
  }
}
