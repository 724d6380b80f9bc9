namespace Tessera.Features;

/// <summary>How well a classifier names the classes of held-out images.</summary>
/// <param name="Images">The number of images.</param>
/// <param name="Accuracy">The part of them whose class has the largest logit of sharp images, 0 to 1.</param>
/// <param name="Nats">The mean of <c>-ln p(class | a sharp image)</c>.</param>
public sealed record ClassifierEvaluation(int Images, double Accuracy, double Nats);
