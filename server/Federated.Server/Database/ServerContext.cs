using Federated.Server.Database.Rows;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Database;

/// <summary>
/// The durable facts. The tenant is the first column of every key. One derived context for each provider carries that
/// provider's migrations.
/// </summary>
internal abstract class ServerContext(DbContextOptions options) : DbContext(options)
{
    public const int IdLength = 64;

    public DbSet<JobRow> Jobs => Set<JobRow>();

    public DbSet<ModelVersionRow> ModelVersions => Set<ModelVersionRow>();

    public DbSet<RoundRow> Rounds => Set<RoundRow>();

    public DbSet<AssignmentRow> Assignments => Set<AssignmentRow>();

    public DbSet<CountedUpdateRow> CountedUpdates => Set<CountedUpdateRow>();

    public DbSet<ClientFailureRow> ClientFailures => Set<ClientFailureRow>();

    public DbSet<RoundTreeRow> RoundTrees => Set<RoundTreeRow>();

    public DbSet<DeviceRow> Devices => Set<DeviceRow>();

    public DbSet<EnrolmentTokenRow> EnrolmentTokens => Set<EnrolmentTokenRow>();

    public DbSet<UsedChallengeRow> UsedChallenges => Set<UsedChallengeRow>();

    public DbSet<AuditRow> AuditLog => Set<AuditRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<JobRow>(job =>
        {
            job.HasKey(row => new { row.TenantId, row.JobId });
            job.HasIndex(row => row.Status);
        });
        modelBuilder.Entity<ModelVersionRow>(version =>
        {
            version.HasKey(row => new { row.TenantId, row.JobId, row.Version });
            version.HasIndex(row => new { row.TenantId, row.BlobId });
            version.HasOne<JobRow>().WithMany().HasForeignKey(row => new { row.TenantId, row.JobId });
        });
        modelBuilder.Entity<RoundRow>(round =>
        {
            round.HasKey(row => new { row.TenantId, row.JobId, row.Round, row.Kind });
            round.HasOne<JobRow>().WithMany().HasForeignKey(row => new { row.TenantId, row.JobId });
        });
        modelBuilder.Entity<AssignmentRow>(assignment =>
        {
            assignment.HasKey(row => new { row.TenantId, row.AssignmentId });
            assignment.HasIndex(row => new { row.TenantId, row.DeviceId, row.JobId, row.Round, row.Kind }).IsUnique();
            assignment.HasOne<RoundRow>().WithMany().HasForeignKey(row => new { row.TenantId, row.JobId, row.Round, row.Kind });
        });
        modelBuilder.Entity<CountedUpdateRow>(update =>
        {
            update.HasKey(row => new { row.TenantId, row.AssignmentId });
            update.HasOne<AssignmentRow>().WithOne(row => row.Update)
                .HasForeignKey<CountedUpdateRow>(row => new { row.TenantId, row.AssignmentId });
        });
        modelBuilder.Entity<ClientFailureRow>(failure =>
        {
            failure.HasKey(row => new { row.TenantId, row.AssignmentId });
            failure.HasIndex(row => new { row.TenantId, row.JobId, row.Round, row.RoundKind });
        });
        modelBuilder.Entity<RoundTreeRow>(tree => tree.HasKey(row => new { row.TenantId, row.JobId, row.Round, row.Kind, row.Revision }));
        modelBuilder.Entity<DeviceRow>(device =>
        {
            device.HasKey(row => new { row.TenantId, row.DeviceId });
            device.HasIndex(row => row.DeviceId).IsUnique();
        });
        modelBuilder.Entity<EnrolmentTokenRow>(token =>
        {
            token.HasKey(row => new { row.TenantId, row.TokenId });
            token.HasIndex(row => row.SecretHash).IsUnique();
        });
        modelBuilder.Entity<UsedChallengeRow>(challenge =>
        {
            challenge.HasKey(row => new { row.TenantId, row.Nonce });
            challenge.HasIndex(row => row.ExpiresAt);
        });
        modelBuilder.Entity<AuditRow>(audit =>
        {
            audit.HasKey(row => row.AuditId);
            audit.Property(row => row.AuditId).ValueGeneratedOnAdd();
            audit.HasIndex(row => new { row.TenantId, row.AuditId });
        });
        SnakeCaseNames.Apply(modelBuilder.Model);
    }
}
