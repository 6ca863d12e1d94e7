import type { KubectlError, KubectlErrorClass } from '@shunt/cluster';
import type { Diagnostic } from '@shunt/model';

/** What would be right, where kubectl says only what is wrong. */
const HINTS: Readonly<Partial<Record<KubectlErrorClass, string>>> = {
  badAnnotation: 'expected KEY=value',
  badEnv: 'expected NAME=value',
  badImage: 'expected a name in lower case such as nginx:1.27 or registry.example/team/web',
  badImagePullPolicy: 'expected Always, IfNotPresent or Never',
  badLabels: 'expected pairs with commas: app=web,tier=front',
  badRestartPolicy: 'expected Always, OnFailure or Never',
  badSessionAffinity: 'expected None or ClientIP',
  noPort: 'pass --port',
  noSelector: 'pass --selector app=web',
  podHasNoLabels: 'give it labels, or pass --selector app=web',
  portNotNumeric: 'expected port numbers from 1 to 65535 for --port',
  selectorNotMapBased: 'a Service selects by pairs only: pass --selector app=web,tier=front',
};

/** A command that kubectl would refuse, in its words and with what would be right. */
export function kubectlProblem({ class: errorClass, message }: KubectlError): Diagnostic {
  const hint = HINTS[errorClass];
  return { severity: 'error', code: 'value', message: hint === undefined ? message : `${message}: ${hint}` };
}
