'use strict';
(() => {
  const batch = 200;      // rows shown at a time
  const slice = 12;       // milliseconds of work before the browser may do something else
  const printed = 20000;  // rows that are brought onto paper at most

  const pause = () => new Promise((done) => setTimeout(done));
  const number = (n) => n.toLocaleString('en');
  const rows = (n) => number(n) + (n === 1 ? ' row' : ' rows');
  const wordsOf = (input) => input.value.normalize('NFC').toLowerCase().split(/\s+/).filter(Boolean);

  const form = document.getElementById('filter');
  if (!form) return;
  const total = document.getElementById('count');
  const environment = document.getElementById('environment');
  form.hidden = false;

  const characters = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&#34;': '"', '&#39;': "'" };
  const searchable = (text) => text.normalize('NFC').toLowerCase();

  // Piece is some rows of a table. All but the first of a table are HTML in a <noscript>: it is made into elements
  // when they are to be shown. To learn their kinds and texts, when someone filters, it is taken apart as text, which
  // is much faster: it has no tags but those of the report, and no other characters written as references.
  class Piece {
    constructor(html, elements) { this.html = html; this.first = elements; this.index = null; }
    elements() {
      if (this.first) return this.first;
      const t = document.createElement('template');
      t.innerHTML = this.html;
      return [...t.content.querySelectorAll('tbody > tr')];
    }
    learn() {
      if (this.index) return this.index;
      if (this.first) {
        return this.index = this.first.map((tr) => ({ kind: tr.className, text: searchable([...tr.cells].map((c) => c.textContent).join(' ')) }));
      }
      return this.index = this.html.split('<tr class="').slice(1).map((row) => ({
        kind: row[0],
        text: searchable(row.slice(3).replace(/<\/t[hd]>/g, ' ').replace(/<[^>]*>/g, '').replace(/&[^;]+;/g, (c) => characters[c] ?? c)),
      }));
    }
  }

  class Table {
    constructor(section) {
      this.section = section;
      this.rows = Number(section.dataset.rows);
      this.box = section.querySelector('.box');
      this.body = this.box.querySelector('tbody');
      this.more = this.box.querySelector('.more');
      this.input = section.querySelector('.words');
      this.output = section.querySelector('output');
      const later = [...this.box.querySelectorAll('noscript')];
      this.pieces = [new Piece('', [...this.body.rows]), ...later.map((n) => new Piece(n.textContent))];
      later.forEach((n) => n.remove());
      this.matches = this.rows;
      this.run = 0;
      this.restart(null);
      this.shownRows = this.body.rows.length;
      this.at = { piece: 1, row: 0 };
      this.count();
      section.querySelector('.tools').hidden = false;
      this.input.addEventListener('input', calmly(() => refresh()));
      section.querySelector('.quiet')?.addEventListener('change', (e) => this.box.classList.toggle('quieted', e.target.checked));
      this.more.addEventListener('click', () => this.append(batch));
      new IntersectionObserver((seen) => {
        if (seen.some((s) => s.isIntersecting) && !this.more.hidden && this.box.scrollTop > 0) this.append(batch);
      }, { root: this.box, rootMargin: '400px' }).observe(this.more);
    }

    // restart begins to show rows from the first; filter is null where all are shown.
    restart(filter) {
      this.filter = filter;
      this.at = { piece: 0, row: 0 };
      this.shownRows = 0;
    }

    wants(row) {
      return !this.filter || this.filter.kinds.has(row.kind) && this.filter.words.every((w) => row.text.includes(w));
    }

    // append shows up to so many more rows.
    append(most) {
      const add = document.createDocumentFragment();
      while (most > 0 && this.at.piece < this.pieces.length) {
        const piece = this.pieces[this.at.piece];
        if (this.filter && !piece.learn().some((r) => this.wants(r))) {
          this.at = { piece: this.at.piece + 1, row: 0 };
          continue;
        }
        const elements = piece.elements();
        const index = this.filter && piece.learn();
        for (; most > 0 && this.at.row < elements.length; this.at.row++) {
          if (this.filter && !this.wants(index[this.at.row])) continue;
          add.append(elements[this.at.row]);
          this.shownRows++;
          most--;
        }
        if (this.at.row >= elements.length) this.at = { piece: this.at.piece + 1, row: 0 };
      }
      this.body.append(add);
      this.count();
    }

    count() {
      const left = this.matches - this.shownRows;
      this.more.hidden = left <= 0;
      this.more.textContent = 'Show more: ' + rows(left) + ' left';
      this.output.value = this.filter ? number(this.matches) + ' of ' + rows(this.rows) : rows(this.rows);
    }

    // search counts the rows that match, and shows the first of them. It gives up where current() says that
    // another search has begun.
    async search(filter, current) {
      const all = filter.words.length === 0 && filter.kinds.size === 3;
      let matches = this.rows;
      if (!all) {
        matches = 0;
        this.filter = filter;
        let since = performance.now();
        for (const piece of this.pieces) {
          for (const row of piece.learn()) if (this.wants(row)) matches++;
          if (performance.now() - since > slice) {
            await pause();
            if (!current()) return;
            since = performance.now();
          }
        }
      }
      this.restart(all ? null : filter);
      this.matches = matches;
      this.body.replaceChildren();
      this.box.scrollTop = 0;
      this.append(batch);
    }
  }

  // calmly calls f when nothing has happened for a moment.
  function calmly(f) {
    let timer;
    return () => { clearTimeout(timer); timer = setTimeout(f, 120); };
  }

  const tables = [...document.querySelectorAll('section.table')].filter((s) => Number(s.dataset.rows) > 0).map((s) => new Table(s));
  const allRows = Number(total.dataset.rows);

  // refresh shows in every table what the filters let through.
  let generation = 0;
  async function refresh() {
    const mine = ++generation;
    const current = () => mine === generation;
    const words = wordsOf(document.getElementById('words'));
    const kinds = new Set([...form.querySelectorAll('[name=kind]:checked')].map((k) => k.value));
    const where = environment ? environment.value : '';
    document.body.ariaBusy = 'true';
    let matching = 0;
    const among = new Set();
    for (const t of tables) {
      const here = !where || t.section.dataset.environments.split(' ').includes(where);
      if (here) await t.search({ words: [...words, ...wordsOf(t.input)], kinds }, current);
      if (!current()) return;
      // What the table's own filter leaves empty stays, so that the filter can be changed.
      t.section.hidden = !here || t.matches === 0 && wordsOf(t.input).length === 0;
      if (here && t.matches > 0) { matching += t.matches; among.add(t.section.dataset.table); }
    }
    const inTables = ' in ' + number(among.size) + (among.size === 1 ? ' table' : ' tables');
    total.value = (matching === allRows ? rows(matching) : number(matching) + ' of ' + rows(allRows)) + inTables;
    document.body.ariaBusy = 'false';
  }

  form.addEventListener('submit', (e) => e.preventDefault());
  form.addEventListener('reset', () => {
    for (const t of tables) t.input.value = '';
    setTimeout(refresh);
  });
  document.getElementById('words').addEventListener('input', calmly(refresh));
  for (const c of form.querySelectorAll('[name=kind], select')) c.addEventListener('change', refresh);

  // A link to a table that a filter hides lifts the filters.
  addEventListener('click', (e) => {
    const to = e.target.closest?.('a[href^="#"]');
    const section = to && document.getElementById(to.getAttribute('href').slice(1));
    if (!section || !section.hidden) return;
    e.preventDefault();
    form.reset();
    section.hidden = false;
    location.hash = section.id;
  });

  addEventListener('beforeprint', () => {
    let left = printed;
    for (const t of tables) {
      t.append(Math.max(left - t.shownRows, 0));
      left -= t.shownRows;
    }
  });
})();
