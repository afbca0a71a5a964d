namespace Federated.Simulation.Reports;

/// <summary>The frame of every report: one file, no script, nothing loaded, light or dark as the reader's system is, one column on a phone.</summary>
internal static class HtmlPage
{
    private const string Style = """
        :root { color-scheme: light dark; --bg:#f7f8fa; --card:#fff; --ink:#1b2230; --soft:#5d6778; --rule:#dfe3ea;
          --series-0:#2563eb; --series-1:#ea7317; --series-2:#0d9488; --series-3:#b4268b; --series-4:#7c5cff; --series-5:#7a8b00; --series-6:#c2410c; --series-7:#475569;
          --class-0:#4e79a7; --class-1:#f28e2b; --class-2:#59a14f; --class-3:#e15759; --class-4:#76b7b2; --class-5:#edc948; --class-6:#b07aa1; --class-7:#ff9da7;
          --class-8:#9c755f; --class-9:#8a919c; --class-10:#2f6f4f; --class-11:#6b3fa0; }
        @media (prefers-color-scheme: dark) { :root { --bg:#11151c; --card:#1a202b; --ink:#e6eaf2; --soft:#9aa5b8; --rule:#2d3645;
          --series-0:#6ea8fe; --series-1:#ffa657; --series-2:#4fd1c5; --series-3:#f07bd1; --series-4:#b3a1ff; --series-5:#c6d94a; --series-6:#ff8a65; --series-7:#a8b3c7; } }
        * { box-sizing:border-box } body { margin:0; background:var(--bg); color:var(--ink); font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif }
        main { max-width:1080px; margin:0 auto; padding:28px 16px 48px } h1 { font-size:1.55rem; margin:0 0 2px } h2 { font-size:1rem; margin:0 0 10px }
        .lead { color:var(--soft); margin:0 0 20px } .tiles { display:grid; grid-template-columns:repeat(auto-fit,minmax(124px,1fr)); gap:12px; margin-bottom:16px }
        .tile,.card { background:var(--card); border:1px solid var(--rule); border-radius:10px; padding:14px 16px } .tile b { display:block; font-size:1.25rem; white-space:nowrap; font-variant-numeric:tabular-nums }
        .tile span { color:var(--soft); font-size:.82rem } .grid2 { display:grid; grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr)); gap:16px } .card { margin-bottom:16px; min-width:0 }
        .grid2 .card { margin-bottom:0 } .grid2 { margin-bottom:16px } svg { width:100%; height:auto; display:block } svg text { fill:var(--soft); font-size:12px } .grid { stroke:var(--rule); stroke-width:1 }
        .line { fill:none; stroke-width:2.2; stroke-linejoin:round; stroke-linecap:round } .hit { opacity:0 } .hit:hover { opacity:1 }
        .legend { list-style:none; display:flex; flex-wrap:wrap; gap:4px 16px; margin:8px 0 0; padding:0; color:var(--soft); font-size:.85rem } .legend span { display:inline-block; width:11px; height:11px; border-radius:3px; margin-right:6px }
        @media (max-width:600px) { svg text { font-size:17px } }
        .scroll { overflow-x:auto } table { border-collapse:collapse; width:100%; font-variant-numeric:tabular-nums } th,td { text-align:left; padding:5px 12px 5px 0; border-bottom:1px solid var(--rule); vertical-align:top }
        th { color:var(--soft); font-weight:500; font-size:.85rem; white-space:nowrap } td.n,th.n { text-align:right } code { font-size:.82rem; overflow-wrap:anywhere } .note,.empty { color:var(--soft); font-size:.85rem; margin:8px 0 0 }
        """;

    public static string Render(string title, string body) => $"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{System.Net.WebUtility.HtmlEncode(title)}</title>
        <style>
        {Style}
        </style>
        </head>
        <body>
        <main>
        {body}
        </main>
        </body>
        </html>

        """;
}
