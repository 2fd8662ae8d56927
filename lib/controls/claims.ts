import type { Claim } from '../cfn/compose.ts';
import type { Finding } from '../cfn/errors.ts';
import type { Template } from '../cfn/template.ts';
import { CONTROLS } from './index.ts';
import { Prover } from './prove.ts';

const TAKE_BACK = 'take the claim back; where it need not hold, plainform.yaml says why';

/** CFN540 for each claim that its control does not prove over every deployment, each control and resource once. */
export function unprovenClaims(template: Template, claims: readonly Claim[]): Finding[] {
  const prover = new Prover(template);
  const asked = new Map(claims.map((claim) => [`${claim.control} ${claim.path[1]}`, claim]));
  return [...asked.values()].flatMap(({ control, path }): Finding[] => {
    const resource = String(path[1]);
    const finding = { code: 'CFN540', severity: 'error' as const, path };
    const judge = CONTROLS[control];
    if (!judge)
      return [{ ...finding, message: `${resource} claims to meet ${control}, which nobody judges`, fix: TAKE_BACK }];
    // What serves another resource, as a flow log serves its VPC, is proven by that one.
    const isOfType = judge.types.includes(prover.typeOf(resource));
    const facts = isOfType ? [prover.prove(control, judge, resource)] : [...prover.facts({ [control]: judge })];
    if (facts.length === 0) {
      const message = `${resource} claims to meet ${control}, which is asked of no resource here`;
      return [{ ...finding, message, fix: TAKE_BACK }];
    }
    return facts
      .filter(({ verdict }) => verdict !== 'proven' && verdict !== 'unreachable')
      .map(({ resource: judged, message, counterexample }) => ({
        ...finding,
        message: `${resource} claims to meet ${control}, which is not proven of ${judged}: ${message}`,
        fix: `mend ${judged}, or ${TAKE_BACK}`,
        ...(counterexample && { when: counterexample }),
      }));
  });
}
