import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  HttpApi as Api,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { apiVariables, PUBLIC_PATHS } from "../../functions/api/environment.ts";
import { authorizerVariables } from "../../functions/authorizer/environment.ts";
import type { AlarmTopic } from "../alarms/alarm-topic.ts";
import { PlatformAlarm } from "../alarms/platform-alarm.ts";
import type { Configuration } from "../configuration.ts";
import { type Engine, engineValues, grantScheduling } from "../engine.ts";
import type { WorkerFleet } from "../fleet/worker-fleet.ts";
import { CarillonFunction, type FunctionDefaults } from "../functions/carillon-function.ts";
import { environment } from "../functions/environment.ts";
import type { Ticker } from "../scheduler/ticker.ts";

export interface HttpApiProps {
  readonly engine: Engine;
  readonly fleet: WorkerFleet;
  readonly ticker: Ticker;
  readonly topic: AlarmTopic;
  readonly functions: FunctionDefaults;
  readonly limits: Configuration["api"];
  /** Private targets, as jobs are checked against them when they are defined. */
  readonly allow: readonly string[];
  /** Types of jobs that can be defined. */
  readonly executors: Configuration["executors"];
}

/** Answers of 500 and more, within five minutes. */
const TOLERATED_FAULTS = 5;

/** One line for each request, with what was asked for and what came of it, never with a token. */
const ACCESS_LINE = {
  requestId: "$context.requestId",
  at: "$context.requestTimeEpoch",
  ip: "$context.identity.sourceIp",
  method: "$context.httpMethod",
  path: "$context.path",
  status: "$context.status",
  bytes: "$context.responseLength",
  latencyMs: "$context.responseLatency",
  integrationMs: "$context.integrationLatency",
  error: "$context.error.message",
  integrationError: "$context.integrationErrorMessage",
  authorizerError: "$context.authorizer.error",
};

/** The HTTPS API: API Gateway, the function that answers, and the one that tells whose token a request carries. */
export class HttpApi extends Construct {
  readonly function: CarillonFunction;
  readonly authorizer: CarillonFunction;
  readonly api: Api;

  constructor(scope: Construct, id: string, props: HttpApiProps) {
    super(scope, id);
    const { topic, limits } = props;
    this.function = this.#addFunction(props);
    this.authorizer = this.#addAuthorizer(props);
    this.api = new Api(this, "Api", {
      apiName: props.engine.installation,
      description: "Carillon",
      createDefaultStage: false,
    });
    this.#addRoutes(limits);
    this.#addStage(props);
    new PlatformAlarm(this, "FaultsAlarm", {
      topic,
      summary: `The API answered with 500 or more, more than ${TOLERATED_FAULTS} times within five minutes`,
      runbook: "api-errors",
      metric: this.api.metricServerError({ statistic: "Sum", period: Duration.minutes(5) }),
      threshold: TOLERATED_FAULTS,
      missing: "good",
    });
  }

  /** Where the API is; the default stage has no path of its own. */
  get url(): string {
    return this.api.apiEndpoint;
  }

  #addFunction({ engine, fleet, ticker, functions, allow, executors }: HttpApiProps): CarillonFunction {
    const api = new CarillonFunction(this, "Function", {
      name: "api",
      description: "Answers the requests of the API",
      defaults: functions,
      // Parsing and checking definitions takes processor time while somebody waits.
      memoryMb: 512,
      // API Gateway gives up at 30 s.
      timeout: Duration.seconds(29),
      environment: environment(apiVariables, {
        ...engineValues(engine),
        ...ticker.timer(),
        cluster: fleet.cluster.clusterName,
        allow: allow.length === 0 ? undefined : JSON.stringify(allow),
        executors: JSON.stringify(executors),
      }),
    });
    grantScheduling(engine, api);
    for (const pool of [...engine.queues, engine.ownQueue]) pool.grantRedrive(api);
    engine.runLogs.grantRead(api);
    // A run that is asked for wakes its pool at once, and a job that is due soon the tick.
    fleet.grantResize(api);
    ticker.grantPace(api);
    return api;
  }

  #addAuthorizer({ engine, functions }: HttpApiProps): CarillonFunction {
    const authorizer = new CarillonFunction(this, "Authorizer", {
      name: "authorizer",
      description: "Tells whose token a request carries",
      defaults: functions,
      // One read; what it answers is remembered by API Gateway.
      memoryMb: 256,
      // API Gateway gives up at 10 s; whoever waits should learn of it before.
      timeout: Duration.seconds(5),
      environment: environment(authorizerVariables, { table: engine.table.table.tableName }),
    });
    engine.table.grantTokenCheck(authorizer);
    return authorizer;
  }

  #addRoutes({ authorizerCacheSeconds }: Configuration["api"]): void {
    const integration = new HttpLambdaIntegration("Integration", this.function);
    const authorizer = new HttpLambdaAuthorizer("Token", this.authorizer, {
      authorizerName: "token",
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      identitySource: ["$request.header.Authorization"],
      // The answer depends on the token alone, so it holds for all routes.
      resultsCacheTtl: Duration.seconds(authorizerCacheSeconds),
    });
    this.api.addRoutes({ path: "/{proxy+}", methods: [HttpMethod.ANY], integration, authorizer });
    for (const path of PUBLIC_PATHS) {
      const routes = this.api.addRoutes({
        path,
        methods: [HttpMethod.GET],
        integration,
        authorizer: new HttpNoneAuthorizer(),
      });
      for (const route of routes) {
        Validations.of(route).acknowledge({
          id: "AwsSolutions-APIG4",
          reason: "Probes and the description of the API need no token; they tell nothing of what is stored",
        });
      }
    }
  }

  #addStage({ functions, limits: { rate, burst } }: HttpApiProps): void {
    const accessLog = new LogGroup(this, "AccessLog", {
      logGroupName: `/carillon/${functions.installation}/access`,
      retention: functions.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, "Stage", {
      httpApi: this.api,
      stageName: "$default",
      autoDeploy: true,
      throttle: { rateLimit: rate, burstLimit: burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLog),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LINE)),
      },
    });
  }
}
