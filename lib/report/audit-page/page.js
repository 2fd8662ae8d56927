// What the page does beside being read: filters, opening what a link leads to, and all of it in print.
(() => {
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  const PRESENT = {
    framework: (item, value) => words(item.dataset.framework).includes(value),
    service: (item, value) => words(item.dataset.service).includes(value),
    state: (item, value) => item.dataset.state === value,
    verdict: (item, value) => words(item.dataset.verdict).includes(value),
    text: (item, value) =>
      value
        .toLowerCase()
        .split(/\s+/)
        .every((word) => item.dataset.text.includes(word)),
  };

  function words(text) {
    return text.split(' ');
  }

  for (const form of $$('[data-filters]')) {
    const section = form.parentElement;
    const items = $$(`[data-${form.dataset.filters}]`, section);
    const output = form.querySelector('output');
    const apply = () => {
      const wanted = [...new FormData(form)].filter(([, value]) => value !== '');
      let shown = 0;
      for (const item of items) {
        item.hidden = !wanted.every(([name, value]) => PRESENT[name](item, value.trim()));
        if (!item.hidden) shown++;
      }
      // Inside a control, the resources with the verdict that is asked for.
      const verdict = form.elements.verdict?.value;
      for (const row of $$('[data-fact]', section)) row.hidden = Boolean(verdict) && row.dataset.fact !== verdict;
      for (const group of $$('.group', section))
        group.hidden = !$$(`[data-${form.dataset.filters}]`, group).some((item) => !item.hidden);
      output.value = wanted.length > 0 ? `${shown} of ${items.length}` : '';
    };
    form.hidden = false;
    form.addEventListener('input', apply);
    form.addEventListener('reset', () => setTimeout(apply));
    form.addEventListener('submit', (event) => event.preventDefault());
    form.showAll = () => {
      form.reset();
      apply();
    };
    const toggle = form.querySelector('[data-toggle]');
    toggle?.addEventListener('click', () => {
      const open = toggle.textContent === 'Open all';
      for (const item of items) item.open = open && !item.hidden;
      toggle.textContent = open ? 'Close all' : 'Open all';
    });
    apply();
  }

  /** A link leads to what it names, also into what is closed or filtered away. */
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let up = target; up; up = up.parentElement) {
      if (up.hidden) up.closest('section')?.querySelector('[data-filters]')?.showAll();
      if (up instanceof HTMLDetailsElement) up.open = true;
    }
    const place = target.classList.contains('control') ? target.parentElement : target;
    const scroll = () => place.scrollIntoView({ block: target.classList.contains('line') ? 'center' : 'start' });
    scroll();
    // What was never drawn has a guessed height: once more, when it is known.
    requestAnimationFrame(() => requestAnimationFrame(scroll));
    if (!target.hasAttribute('tabindex')) target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }
  addEventListener('hashchange', reveal);
  // The same link again: no change of the hash, and yet the reader wants to go there.
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (link?.getAttribute('href') === location.hash) reveal();
  });
  if (location.hash) reveal();

  for (const article of $$('article')) {
    for (const drawn of $$('.diagram .resource[data-resource]', article)) {
      const line = article.querySelector(`[data-of="${CSS.escape(drawn.dataset.resource)}"]`);
      if (!line) continue;
      const link = document.createElementNS(drawn.namespaceURI, 'a');
      link.setAttribute('href', `#${line.id}`);
      drawn.replaceWith(link);
      link.append(drawn);
      // An image has nothing inside that can be reached.
      link.closest('svg').setAttribute('role', 'group');
    }
  }

  let opened = [];
  addEventListener('beforeprint', () => {
    opened = $$('details:not([open])');
    for (const details of opened) details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
  });
})();
