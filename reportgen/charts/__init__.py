"""One figure style for the whole report; diagnostics draw with it, nothing else styles.

A diagnostic's ``plots(findings)`` returns :class:`~reportgen.charts.figure.Chart` values. Two ways:

- a whole figure from its numbers: :func:`reportgen.charts.rows.forest` (estimates with intervals),
  :func:`~reportgen.charts.rows.bar_rows`, :func:`reportgen.charts.matrix.confusion_matrix`
  (with ``width_for(k)``), :func:`reportgen.charts.reliability.reliability`;
- axes of one's own::

      from reportgen.charts.canvas import add_axes, finish, new_figure
      from reportgen.charts.marks import band_y, bars, curve, density, dot, points, reference
      from reportgen.charts.lettering import EndLabel, label_ends, label_point, note

      figure = new_figure("half", 60)                 # 83 mm wide; "full" is 170
      axes = add_axes(figure, right=3)                # margins in mm, for ticks and names
      axes.set_xlim(0, 1); axes.set_ylim(0, 1)        # limits first
      curve(axes, fpr, tpr, split="test", band=(low, high))
      reference(axes, line=((0, 0), (1, 1)), label="chance")
      dot(axes, x, y); label_point(axes, x, y, "at 0.5: 0.669")
      finish(axes, x="False positive rate", y="True positive rate")   # last

Titles and subtitles stand in the Chart, never in the figure. Numbers are written by
:mod:`reportgen.charts.numbers` (no matplotlib; for sentences too); colours and sizes come from
:mod:`reportgen.charts.style`. A null of the series is a NaN: a gap. Data names may hold anything
(``$``, 300 characters, emoji); ``lettering.fitted`` cuts a name to a width.
"""
