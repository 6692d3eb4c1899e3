import { Command, Option } from 'commander';
import { collectFlag } from './bundles.ts';
import { withCluster } from './cluster/connect.ts';
import type { CliContext } from './context.ts';
import { explain } from './explain/explanation.ts';
import { gather, type ExplainFlags } from './explain/gather.ts';
import { renderExplanation } from './explain/render.ts';
import { printJson } from './output.ts';

/** `featureseal explain NODE`: where every label of a node comes from, and what was refused and why. */
export function explainCommand(context: CliContext): Command {
  return new Command('explain')
    .description('Tells where every label of a node comes from, what was refused and why. Changes nothing.')
    .argument('<node>', 'name of the Node')
    .option('--kubeconfig <file>', 'cluster to read (default: KUBECONFIG, ~/.kube/config, the pod)')
    .addOption(
      new Option(
        '--socket <address>',
        'Workload API to ask for trust bundles (default: SPIFFE_ENDPOINT_SOCKET)',
      ).conflicts('bundle'),
    )
    .option('--bundle <[td=]file>', 'trust bundle, PEM or SPIFFE JSON; repeatable', collectFlag)
    .option('--policy <file>', "policy file (default: that of the cluster's master)")
    .addOption(
      new Option('-o, --output <format>', 'form of the output').choices(['table', 'json']).default('table'),
    )
    .action(async (node: string, flags: ExplainFlags) => {
      const facts = await withCluster(flags.kubeconfig, context, ({ api }) =>
        gather(node, flags, api, context),
      );
      const explanation = await explain(facts, context.clock.now(), context.crypto);
      if (flags.output === 'json') printJson(context, explanation);
      else context.out(renderExplanation(explanation, context));
    });
}
