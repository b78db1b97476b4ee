/** The style sheet of reports, for the screen and for paper of any size. */
export const STYLE = `
:root{--ink:#1b1f24;--soft:#59636e;--line:#d5dae0;--back:#f5f7f9}
*{box-sizing:border-box}
body{font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:var(--ink);background:#fff;max-width:62rem;margin:0 auto;padding:2.5rem 2rem}
h1{font-size:1.9rem;line-height:1.2;letter-spacing:-.01em;margin:.2rem 0 .6rem}
h2{font-size:1.15rem;margin:2.2rem 0 .5rem;break-after:avoid}
p{margin:.4rem 0 .8rem}
.k{font-size:.85rem;color:var(--soft);margin:0}
.q{font-size:1.15rem;color:var(--ink);margin:0 0 1.4rem}
header{border-bottom:2px solid var(--ink);padding-bottom:1.4rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;overflow-wrap:anywhere}
.f{margin:.4rem 0}
.f th{width:13rem;font-weight:600;color:var(--soft);padding:.2rem 1rem .2rem 0}
.f td{padding:.2rem 0}
.e{table-layout:fixed;font-size:.86rem}
.e thead{display:table-header-group}
.e th{font-size:.78rem;color:var(--soft);font-weight:600;border-bottom:1.5px solid var(--ink);padding:.35rem .6rem .35rem 0}
.e td{border-bottom:1px solid var(--line);padding:.4rem .6rem .4rem 0}
.e tr{break-inside:avoid}
.n,.r{font-variant-numeric:tabular-nums}
.e th.cc,.e td.r{text-align:right;padding-right:.9rem}
.t{font-variant-numeric:tabular-nums;white-space:normal}
.cn{width:4.6rem}
.ct{width:7rem}
.ce{width:11rem}
.cr{width:7.4rem}
.cc{width:4.6rem}
.d{color:var(--soft);font-size:.78rem;margin-top:.1rem}
.good{color:#1a6b3c}
.refused{color:#8a4600;font-weight:600}
.failed{color:#a3151b;font-weight:600}
.open{color:var(--soft)}
.g{display:flex;flex-wrap:wrap;gap:1rem 1.9rem;margin:1rem 0}
.g b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}
.g .s b{font-size:.95rem;font-weight:600;line-height:1.98}
.g span{color:var(--soft);font-size:.82rem}
.w{border-left:3px solid #8a4600;padding-left:.8rem}
.v{break-inside:avoid}
pre,code{font:.8rem/1.45 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
pre{background:var(--back);padding:.9rem;white-space:pre-wrap;overflow-wrap:anywhere}
li{margin:.25rem 0}
@page{margin:20mm 15mm 18mm;
@top-left{content:"Affidavit \\2014 compliance report";font:8pt system-ui,sans-serif;color:#59636e}
@top-right{content:"Confidential";font:8pt system-ui,sans-serif;color:#59636e}
@bottom-left{content:"Check it against the signed checkpoint on the last page";font:8pt system-ui,sans-serif;color:#59636e}
@bottom-right{content:"Page " counter(page) " of " counter(pages);font:8pt system-ui,sans-serif;color:#59636e}
}
@media print{html{font-size:11.5px}body{font-size:1rem;max-width:none;padding:0;-webkit-print-color-adjust:exact;print-color-adjust:exact}
pre{background:none;border:1px solid var(--line)}}
@media (max-width:40rem){body{padding:1rem}.ce{width:7rem}.f th{width:8rem}}
`;
