import { UnsupportedFeatureError } from '@shunt/compiler';

/** What the kernel or its tool said, and of what. Anything else is a fault of ours. */
export async function kernelProblem(error: unknown): Promise<string> {
  const { CommandError, DriverError } = await import('@shunt/kernel');
  if (error instanceof DriverError) {
    const { message, statement, servicePort } = error;
    const place = servicePort === null ? '' : `\n  rules of ${servicePort}`;
    return `${message}${place}${statement === null ? '' : `\n  at: ${statement}`}`;
  }
  if (error instanceof CommandError || error instanceof UnsupportedFeatureError) return error.message;
  throw error;
}

/** Whether a driver's program is not installed. */
export async function isMissingProgram(error: unknown): Promise<boolean> {
  const { CommandError, DriverError } = await import('@shunt/kernel');
  const { cause } = error instanceof DriverError ? error : {};
  return cause instanceof CommandError && cause.reason === 'missing';
}
