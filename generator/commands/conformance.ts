import { CfnError, type Finding } from '../../lib/cfn/errors.ts';
import { readConfigRules } from '../../lib/evidence/config-rules.ts';
import { conformancePack } from '../../lib/evidence/conformance.ts';
import { packJson, packSummary, renderPack } from '../../lib/report/conformance.ts';
import { sortFindings } from '../../lib/report/findings.ts';
import { writeFile } from '../../lib/write-file.ts';
import { regionNamed } from '../region.ts';
import type { Terminal } from '../terminal.ts';
import { checkFile, controlJudge, filesOf, refusals } from './controls-of.ts';

interface Options {
  arguments: string[];
  framework?: string;
  region?: string;
  out?: string;
  json?: boolean;
}

/**
 * Prints, or writes, the conformance pack that watches what is proven in the templates. Exit code 1 where no rule is left to watch
 * with, or the pack is more than AWS Config takes, 2 where a file is no template; then nothing is written.
 */
export async function conformance(options: Options, terminal: Terminal): Promise<0> {
  const region = options.region === undefined ? undefined : regionNamed(options.region);
  const files = filesOf(options.arguments).map((file) => checkFile(file));
  const unreadable = files.flatMap(refusals);
  if (unreadable.length > 0) throw new CfnError(sortFindings(unreadable));

  const judge = await controlJudge(options.framework);
  const pack = conformancePack(
    files.map(({ document, result }) => ({ name: result.file, facts: judge(document!).facts })),
    region,
  );
  const text = renderPack(pack);
  const wrong = refusal(pack.rules.length, Buffer.byteLength(text));
  if (wrong) throw new CfnError(wrong, { exitCode: 1 });

  if (options.out !== undefined) writeFile(options.out, text);
  if (options.json) terminal.print(JSON.stringify(packJson(pack, text), null, 2));
  else if (options.out === undefined) terminal.print(text.replace(/\n$/, ''));
  terminal.progress(`${options.out === undefined ? '' : `${options.out}: `}${packSummary(pack)}`);
  const { inlineBytes } = readConfigRules().limits;
  if (Buffer.byteLength(text) > inlineBytes)
    terminal.progress(`larger than ${inlineBytes} bytes: put it in a bucket and give --template-s3-uri`);
  return 0;
}

/** CFN714 where there is nothing to watch with, CFN715 where AWS Config would refuse the pack. */
function refusal(rules: number, bytes: number): Finding | undefined {
  const { rulesInPack, bucketBytes } = readConfigRules().limits;
  if (rules === 0)
    return {
      code: 'CFN714',
      severity: 'error',
      message: 'nothing that is proven has a managed rule of AWS Config: there is no pack to make',
      fix: 'plainform check shows what is proven',
    };
  if (rules <= rulesInPack && bytes <= bucketBytes) return undefined;
  return {
    code: 'CFN715',
    severity: 'error',
    message: `the pack would have ${rules} rules and ${bytes} bytes; AWS Config takes ${rulesInPack} and ${bucketBytes}`,
    fix: 'make several packs: of fewer templates each, or by --framework',
  };
}
