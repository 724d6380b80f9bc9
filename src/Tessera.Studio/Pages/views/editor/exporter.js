/** Takes codes and pictures out of the editor. */
import { request, runPath } from '../../api.js';
import { button } from '../../components/button.js';
import { openDialog } from '../../components/dialog.js';
import { toast } from '../../components/toast.js';
import { h } from '../../dom.js';

/**
 * @param {string} run
 * @param {import('./document.js').TokenDocument} document
 * @param {string} link
 * @param {AbortSignal} signal
 */
export function openExport(run, document, link, signal) {
  const save = async format => {
    const { rows, columns, codes } = document;
    const response = await request(runPath(run, 'export'), { json: { rows, columns, codes, format }, signal });
    download(await response.blob(), `${fileName(document.about.name)}.${format}`);
  };
  openDialog(
    'Export',
    () => [
      h(
        'p',
        { class: 'muted' },
        'The picture, or the codes that it is made of. The studio reads all three again; ',
        h('code', {}, 'tessera decode'),
        ' reads .npy.',
      ),
      h(
        'div',
        { class: 'row' },
        button('Picture (.png)', () => save('png'), { icon: 'download' }),
        button('Codes (.npy)', () => save('npy'), { icon: 'download' }),
        button('Codes (.json)', () => save('json'), { icon: 'download' }),
      ),
      h('h3', {}, 'A link to this state'),
      h(
        'p',
        { class: 'small muted' },
        'The codes are in the address itself, behind the #: nothing of them is sent to a server.',
      ),
      h(
        'div',
        { class: 'command' },
        h('code', {}, link.length > 300 ? `${link.slice(0, 300)}…` : link),
        button(
          'Copy the link',
          async () => {
            await navigator.clipboard.writeText(link);
            toast('The link is on the clipboard.');
          },
          { icon: 'link', iconOnly: true, class: 'quiet small' },
        ),
      ),
    ],
    { signal },
  );
}

/** @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

const fileName = name =>
  name
    .toLowerCase()
    .replace(/\.[a-z]+$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '') || 'picture';
