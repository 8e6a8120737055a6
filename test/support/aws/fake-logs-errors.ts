/** An error of CloudWatch Logs, by the name that the SDK gives it. */
export class LogsError extends Error {
  readonly status: number;

  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

export const rateExceeded = new LogsError("ThrottlingException", "Rate exceeded");
export const unavailable = new LogsError("ServiceUnavailableException", "Service unavailable", 503);

export function invalid(message: string): LogsError {
  return new LogsError("InvalidParameterException", message);
}

export interface LogsAnswer {
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

/** What the service answers: the result of `compute`, or the error that it throws. */
export function toAnswer(compute: () => object): LogsAnswer {
  try {
    return { status: 200, body: JSON.stringify(compute()) };
  } catch (error) {
    if (!(error instanceof LogsError)) throw error;
    return { status: error.status, body: JSON.stringify({ __type: error.name, message: error.message }) };
  }
}
